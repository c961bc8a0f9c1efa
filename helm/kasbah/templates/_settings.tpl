{{/* The settings file of one service: (dict "root" $ "name" "vault"). What the chart knows, then what
     its `settings` say. */}}
{{- define "kasbah.settings" -}}
{{- $root := .root -}}
{{- $service := include "kasbah.service" . | fromYaml -}}
{{- $settings := dict "server" (dict
      "listen" (printf "0.0.0.0:%v" $root.Values.ports.grpc)
      "admin_listen" (printf "0.0.0.0:%v" $root.Values.ports.admin)
      "tls_directory" "/run/kasbah/tls"
      "trust_domain" $root.Values.trustDomain
      "drain" (printf "%vs" $service.stop.drain)
      "max_connection_age" $root.Values.connectionAge.max
      "max_connection_age_grace" $root.Values.connectionAge.grace) -}}
{{- if ne .name "auth" -}}
{{- $_ := set $settings.server "auth_address" (include "kasbah.address" (dict "root" $root "name" "auth")) -}}
{{- end -}}
{{- range $section, $role := $service.pools -}}
{{- $_ := set $settings $section (dict
      "dsn" (include "kasbah.dsn" (dict "root" $root "role" $role))
      "password_file" (printf "/run/kasbah/passwords/%s" $role)
      "connections" (get $service.connections $section | default $service.otherConnections | int)) -}}
{{- end -}}
{{- $peers := dict -}}
{{- range $peer := list "audit" "webhook" "tenant-data" "vault" -}}
{{- $_ := set $peers (replace "-" "_" $peer) (include "kasbah.address" (dict "root" $root "name" $peer)) -}}
{{- end -}}
{{- $_ := set $settings "peers" $peers -}}
{{- mustMergeOverwrite $settings (deepCopy $service.settings) | toYaml -}}
{{- end -}}
