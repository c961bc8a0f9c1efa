{{/* Who needs a certificate: the Secret's suffix to the SPIFFE path. */}}
{{- define "kasbah.identities" -}}
{{- range $name := include "kasbah.running" . | fromYamlArray }}
{{ $name }}: service/{{ $name }}
{{- end }}
{{- range .Values.certificates.operators }}
operator-{{ . }}: operator/{{ . }}
{{- end }}
{{- if and .Values.tests.enabled .Values.tests.tenant }}
helm-test: tenant/{{ .Values.tests.tenant }}/workload/helm-test
{{- end }}
{{- end -}}
