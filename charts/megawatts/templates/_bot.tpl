{{/* The pod of the bot, the same in a StatefulSet and in a Rollout. */}}
{{- define "megawatts.botPod" -}}
{{- $bot := .Values.bot -}}
{{- $shards := eq $bot.mode "shards" -}}
{{- $beta := and $bot.beta.enabled (not $shards) -}}
metadata:
  labels:
    {{- include "megawatts.podLabels" (dict "root" . "part" "bot" "own" $bot) | nindent 4 }}
  annotations:
    kubectl.kubernetes.io/default-container: bot
    {{- with $bot.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "megawatts.fullname" . }}-bot
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ $bot.terminationGracePeriodSeconds }}
  securityContext:
    {{- include "megawatts.podSecurity" $bot | nindent 4 }}
  {{- include "megawatts.placement" (dict "own" $bot) | nindent 2 }}
  {{- if .Values.topologySpread.enabled }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: {{ .Values.topologySpread.topologyKey }}
      whenUnsatisfiable: {{ .Values.topologySpread.whenUnsatisfiable }}
      labelSelector:
        matchLabels:
          {{- include "megawatts.selector" . | nindent 10 }}
          app.kubernetes.io/component: bot
  {{- end }}
  containers:
    - name: bot
      image: {{ include "megawatts.image" $bot.image }}
      imagePullPolicy: {{ $bot.image.pullPolicy }}
      args: [bot, --host, "0.0.0.0", --port, "8080", --revision, {{ $bot.image.commit | quote }}{{ if $bot.data.enabled }}, --data, /etc/megawatts/data{{ end }}]
      env:
        {{- include "megawatts.environment" $bot | nindent 8 }}
        {{- with include "megawatts.certificatesEnvironment" . }}{{ . | trim | nindent 8 }}{{- end }}
        {{- if $shards }}
        - name: DISCORD_SHARD_COUNT
          value: {{ $bot.shards.total | quote }}
        # The number of the pod is the number of its shard.
        - name: DISCORD_SHARD_IDS
          valueFrom:
            fieldRef:
              fieldPath: metadata.labels['apps.kubernetes.io/pod-index']
        {{- else }}
        # Two versions may be connected at once: each event is claimed by one of them.
        - name: MEGAWATTS_DEPLOYED_FROM
          value: argo-rollouts
        {{- if $beta }}
        # Argo Rollouts changes the label while the pod runs; a variable would stay as it was at the start.
        - name: DISCORD_RING
          value: /etc/megawatts/pod/ring
        - name: DISCORD_BETA_MINUTES
          value: {{ $bot.beta.minutes | quote }}
        {{- end }}
        {{- end }}
      ports:
        - {name: http, containerPort: 8080, protocol: TCP}
      startupProbe:
        httpGet: {path: /readyz, port: http}
        periodSeconds: 2
        timeoutSeconds: 3
        failureThreshold: 60
      livenessProbe:
        httpGet: {path: /healthz, port: http}
        periodSeconds: 30
        timeoutSeconds: 3
        failureThreshold: 3
      readinessProbe:
        httpGet: {path: /readyz, port: http}
        periodSeconds: 30
        timeoutSeconds: 3
        failureThreshold: 1
      resources:
        {{- toYaml $bot.resources | nindent 8 }}
      securityContext:
        {{- include "megawatts.containerSecurity" . | nindent 8 }}
      volumeMounts:
        - {name: home, mountPath: /var/lib/megawatts}
        - {name: tmp, mountPath: /tmp}
        {{- if $beta }}
        - {name: pod, mountPath: /etc/megawatts/pod, readOnly: true}
        {{- end }}
        {{- if $bot.data.enabled }}
        - {name: data, mountPath: /etc/megawatts/data, readOnly: true}
        {{- end }}
        {{- with include "megawatts.certificatesMount" . }}{{ . | trim | nindent 8 }}{{- end }}
  volumes:
    {{- if or (not $shards) (not $bot.home.persistent) $bot.home.existingClaim }}
    {{- include "megawatts.homeVolume" (dict "own" $bot "claim" "") | nindent 4 }}
    {{- end }}
    - name: tmp
      emptyDir:
        sizeLimit: {{ $bot.temporary }}
    {{- if $beta }}
    - name: pod
      downwardAPI:
        items:
          - path: ring
            fieldRef:
              fieldPath: metadata.labels['megawatts.dev/ring']
    {{- end }}
    {{- if $bot.data.enabled }}
    # Nothing of the data is in the pod's template, and no hash of it: a change is read, and no pod starts anew.
    - name: data
      configMap:
        name: {{ include "megawatts.fullname" . }}-bot-data
        defaultMode: 0444
        optional: true
    {{- end }}
    {{- with include "megawatts.certificatesVolume" . }}{{ . | trim | nindent 4 }}{{- end }}
{{- end -}}
