{{- define "workload.selector" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{- define "workload.labels" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{/* The ConfigMaps that only a restart makes the pods see. */}}
{{- define "workload.checksum" -}}
{{- $read := dict }}
{{- range $name, $map := .Values.configMaps }}
{{- if dig "restart" true $map }}{{ $_ := set $read $name $map.data }}{{ end }}
{{- end }}
{{- toYaml $read | sha256sum }}
{{- end }}

{{- define "workload.claim" -}}
accessModes: {{ toJson (.accessModes | default (list "ReadWriteOnce")) }}
{{- with .storageClass }}
storageClassName: {{ . }}
{{- end }}
resources:
  requests:
    storage: {{ .size }}
{{- end }}
