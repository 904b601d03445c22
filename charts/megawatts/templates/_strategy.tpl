{{/* How a Rollout replaces pods; the judge is the analysis made from the charter's health rules. */}}
{{- define "megawatts.strategy" -}}
{{- $bot := .Values.bot -}}
{{- $name := printf "%s-bot" (include "megawatts.fullname" .) -}}
{{- $args := printf "[{name: revision, value: %q}, {name: prometheus, value: %q}, {name: job, value: %q}]" $bot.image.commit .Values.analysis.prometheus $name -}}
{{- if eq $bot.mode "canary" -}}
canary:
  {{- if $bot.beta.enabled }}
  canaryMetadata: {labels: {megawatts.dev/ring: beta}}
  stableMetadata: {labels: {megawatts.dev/ring: stable}}
  {{- end }}
  maxSurge: 1
  maxUnavailable: 0
  steps:
    {{- range .Values.analysis.canaryWeights }}
    - setWeight: {{ . }}
    - analysis:
        templates: [{templateName: {{ $name }}-health}]
        args: {{ $args }}
    {{- end }}
{{- else -}}
blueGreen:
  {{- if $bot.beta.enabled }}
  previewMetadata: {labels: {megawatts.dev/ring: beta}}
  activeMetadata: {labels: {megawatts.dev/ring: stable}}
  {{- end }}
  activeService: {{ $name }}-active
  previewService: {{ $name }}-preview
  autoPromotionEnabled: true
  scaleDownDelaySeconds: {{ .Values.analysis.scaleDownDelaySeconds }}
  # Both versions hear every event and claim half of them: the new one is judged before the old one ends.
  prePromotionAnalysis:
    templates: [{templateName: {{ $name }}-health}]
    args: {{ $args }}
{{- end -}}
{{- end -}}
