{{/* What weakens an installation, a line each. */}}
{{- define "kasbah.unsafe" -}}
{{- $values := .Values -}}
{{- $running := include "kasbah.running" . | fromYamlArray -}}
{{- $images := list -}}
{{- if or $running $values.database.migrations.enabled }}{{ $images = concat $running (list "tools") }}{{ end -}}
{{- if $values.witness.enabled }}{{ $images = append $images "witness" }}{{ end -}}
{{- if $values.csiProvider.enabled }}{{ $images = append $images "csi-provider" }}{{ end -}}
{{- range $images }}
{{- if not (get $values.image.digests .) }}
image.digests.{{ . }} is missing: a tag can be moved to another image
{{- end }}
{{- end }}
{{- if not $values.networkPolicy.enabled }}
networkPolicy.enabled is false: every pod of the cluster could reach the vault
{{- end }}
{{- if eq $values.certificates.mode "bootstrap" }}
certificates.mode bootstrap keeps the authority's key in a Secret of this namespace: whoever reads it can be any service
{{- end }}
{{- if and $values.routes.enabled (ne $values.routes.kind "TLSRoute") }}
routes.kind {{ $values.routes.kind }} ends mutual TLS at the Gateway, and every caller has its identity: TLSRoute passes it through
{{- end }}
{{- if eq (int $values.user) 0 }}
user is 0: processes would run as root
{{- end }}
{{- range $name := $running }}
{{- $service := include "kasbah.service" (dict "root" $ "name" $name) | fromYaml }}
{{- $at := printf "services.%s" $name }}
{{- if and (not $service.autoscaling.enabled) (lt (int $service.replicas) 2) }}
{{ $at }}.replicas is less than 2: a node that is drained takes the service with it
{{- end }}
{{- if and $service.autoscaling.enabled (lt (int $service.autoscaling.minReplicas) 2) }}
{{ $at }}.autoscaling.minReplicas is less than 2: a node that is drained takes the service with it
{{- end }}
{{- if dig "server" "reflection" false $service.settings }}
{{ $at }}.settings.server.reflection shows the whole interface to whoever gets a certificate
{{- end }}
{{- if eq (dig "log_level" "" $service.settings) "debug" }}
{{ $at }}.settings.log_level debug is for development
{{- end }}
{{- range $section := list "" "sinks" "system_log" }}
{{- $settings := $service.settings }}
{{- $where := printf "%s.settings" $at }}
{{- if $section }}
{{- $settings = get $service.settings $section | default dict }}
{{- $where = printf "%s.settings.%s" $at $section }}
{{- end }}
{{- if dig "allow_http" false $settings }}
{{ $where }}.allow_http sends tenants' data in the clear
{{- end }}
{{- range dig "allow_addresses" list $settings }}
{{- if or (hasSuffix "/0" .) (hasPrefix "169.254." .) (hasPrefix "127." .) }}
{{ $where }}.allow_addresses has {{ . }}, where metadata and this machine's own services are
{{- end }}
{{- end }}
{{- end }}
{{- range $egress := $service.egress }}
{{- $way := get $values.egress $egress | default dict }}
{{- range $way.cidrs }}
{{- if and (hasSuffix "/0" .) (not (has "169.254.0.0/16" ($way.except | default list))) (not (contains ":" .)) }}
egress.{{ $egress }} lets {{ $name }} reach {{ . }} with 169.254.0.0/16, where clouds hand out credentials: list it in except
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- range .Values.networkPolicy.clients }}
{{- if and (hasKey . "ipBlock") (hasSuffix "/0" (dig "ipBlock" "cidr" "" .)) }}
networkPolicy.clients has {{ .ipBlock.cidr }}: everybody may knock at every service
{{- end }}
{{- end }}
{{- end -}}
