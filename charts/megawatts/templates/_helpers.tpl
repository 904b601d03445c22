{{- define "megawatts.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}{{- end -}}
{{- end -}}
{{- end -}}

{{- define "megawatts.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "megawatts.labels" -}}
{{ include "megawatts.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{/* Labels of a pod of one part; what runs is never edited, only replaced. Takes root, part, own. */}}
{{- define "megawatts.podLabels" -}}
{{ include "megawatts.selector" .root }}
app.kubernetes.io/component: {{ .part }}
modification.allowed: "false"
megawatts.dev/commit: {{ .own.image.commit | quote }}
{{- with .own.podLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "megawatts.image" -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}
{{- else if .tag -}}{{ .repository }}:{{ .tag }}
{{- else -}}{{ fail "image.tag or image.digest must be set: the promotion workflow writes the digest" }}
{{- end -}}
{{- end -}}

{{/* Variables that are the same in every container, then settings, then secrets by reference. Takes own. */}}
{{- define "megawatts.environment" -}}
- name: MEGAWATTS_HOME
  value: /var/lib/megawatts
- name: HOME
  value: /tmp
- name: PYTHONDONTWRITEBYTECODE
  value: "1"
{{- range $name, $value := .settings }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- range $name, $from := .secrets }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ $from.name }}
      key: {{ $from.key }}
{{- end }}
{{- end -}}

{{- define "megawatts.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  {{- toYaml .seccompProfile | nindent 2 }}
{{- with .appArmorProfile }}
appArmorProfile:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "megawatts.containerSecurity" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* Where pods of this part are put. Takes root, part, own. */}}
{{- define "megawatts.placement" -}}
{{- with .own.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .own.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .own.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .own.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The volume of the home folder of pods that are not of a StatefulSet. Takes claim (own name), own. */}}
{{- define "megawatts.homeVolume" -}}
- name: home
{{- if .own.home.existingClaim }}
  persistentVolumeClaim:
    claimName: {{ .own.home.existingClaim }}
{{- else if .claim }}
  persistentVolumeClaim:
    claimName: {{ .claim }}
{{- else }}
  emptyDir:
    sizeLimit: {{ .own.home.size }}
{{- end }}
{{- end -}}

{{/* Authorities to trust: the names under which Python and its HTTP clients, requests and git look for them. */}}
{{- define "megawatts.certificatesEnvironment" -}}
{{- if .Values.certificates.existingConfigMap }}
{{- range list "SSL_CERT_FILE" "REQUESTS_CA_BUNDLE" "GIT_SSL_CAINFO" }}
- name: {{ . }}
  value: /etc/megawatts/certificates/ca.crt
{{- end }}
{{- end }}
{{- end -}}

{{- define "megawatts.certificatesMount" -}}
{{- if .Values.certificates.existingConfigMap }}
- {name: certificates, mountPath: /etc/megawatts/certificates, readOnly: true}
{{- end }}
{{- end -}}

{{- define "megawatts.certificatesVolume" -}}
{{- with .Values.certificates }}
{{- if .existingConfigMap }}
- name: certificates
  configMap:
    name: {{ .existingConfigMap }}
    defaultMode: 0444
    items:
      - {key: {{ .key | quote }}, path: ca.crt}
{{- end }}
{{- end }}
{{- end -}}

{{/* Which commit a workload is of (and of which its code is, where data came after it), and where to read about it.
Takes root, own. */}}
{{- define "megawatts.identity" -}}
{{- $commit := .own.image.commit }}
{{- if and .own.data .own.data.enabled .own.data.revision }}
{{- $commit = .own.data.revision }}
megawatts.dev/code: {{ .own.image.commit | quote }}
{{- end }}
megawatts.dev/commit: {{ $commit | quote }}
{{- if and .root.Values.links.repository (ne .own.image.commit "unknown") }}
link.argocd.argoproj.io/commit: {{ printf "%s/commit/%s" .root.Values.links.repository $commit | quote }}
link.argocd.argoproj.io/pull-request: {{ printf "%s/pulls?q=%s" .root.Values.links.repository $commit | quote }}
{{- end }}
{{- end -}}
