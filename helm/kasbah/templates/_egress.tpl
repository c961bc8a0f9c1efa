{{/* One rule of a NetworkPolicy for an entry of egress: (dict "root" $ "name" "kms"). */}}
{{- define "kasbah.egress" -}}
{{- $way := get .root.Values.egress .name -}}
- to:
    {{- range $way.cidrs }}
    {{- if $way.except }}
    - ipBlock: {cidr: {{ . }}, except: {{ toJson $way.except }}}
    {{- else }}
    - ipBlock: {cidr: {{ . }}}
    {{- end }}
    {{- end }}
    {{- if or $way.podSelector $way.namespaceSelector }}
    - podSelector: {{ toJson ($way.podSelector | default dict) }}
      {{- with $way.namespaceSelector }}
      namespaceSelector: {{ toJson . }}
      {{- end }}
    {{- end }}
  ports:
    {{- range $way.ports }}
    - {protocol: {{ $way.protocol | default "TCP" }}, port: {{ . }}}
    {{- end }}
{{- end -}}

{{/* Who reaches admin ports: scrapers and, where the network plugin does not let them in anyway, kubelets. */}}
{{- define "kasbah.ingress.admin" -}}
- from: [{{ toJson .Values.networkPolicy.monitoring }}]
  ports: [{protocol: TCP, port: {{ .Values.ports.admin }}}]
{{- with .Values.networkPolicy.kubeletCidrs }}
- from: {{- range . }}
    - ipBlock: {cidr: {{ . }}}
  {{- end }}
  ports: [{protocol: TCP, port: {{ $.Values.ports.admin }}}]
{{- end }}
{{- end -}}

{{/* The way to PostgreSQL. */}}
{{- define "kasbah.egress.database" -}}
{{- $database := .Values.database -}}
- to:
    {{- if $database.cloudNativePG.enabled }}
    - podSelector: {matchLabels: {cnpg.io/cluster: {{ include "kasbah.fullname" . }}-pg}}
    {{- end }}
    {{- range $database.cidrs }}
    - ipBlock: {cidr: {{ . }}}
    {{- end }}
    {{- if or $database.podSelector $database.namespaceSelector }}
    - podSelector: {{ toJson $database.podSelector }}
      {{- with $database.namespaceSelector }}
      namespaceSelector: {{ toJson . }}
      {{- end }}
    {{- end }}
  ports: [{protocol: TCP, port: {{ $database.port }}}]
{{- end -}}

{{- define "kasbah.csiNamespace" -}}
{{ .Values.csiProvider.namespace | default (printf "%s-csi" (include "kasbah.fullname" .)) }}
{{- end -}}
