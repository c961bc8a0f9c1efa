{{/* Every reason against these values at once, as a list. What contradicts itself or could not run is
     refused always; what is unsafe, in strictMode. The schema has refused unknown names before. */}}
{{- define "kasbah.validate" -}}
{{- $problems := include "kasbah.contradictions" . | trim | splitList "\n" | compact -}}
{{- if .Values.strictMode -}}
{{- range include "kasbah.unsafe" . | trim | splitList "\n" | compact -}}
{{- $problems = append $problems (printf "%s (strictMode)" .) -}}
{{- end -}}
{{- end -}}
{{- if $problems -}}
{{- fail (printf "\n\nthese values are refused:\n  - %s\n" (join "\n  - " $problems)) -}}
{{- end -}}
{{- end -}}

{{- define "kasbah.contradictions" -}}
{{- $running := include "kasbah.running" . | fromYamlArray -}}
{{- $values := .Values }}
{{- if not $values.image.registry }}
image.registry is empty: where are the images?
{{- end }}
{{- if not $values.trustDomain }}
trustDomain is empty: every certificate's name starts with it
{{- end }}
{{- if not $values.certificates.operators }}
certificates.operators is empty: nobody could operate the installation
{{- end }}
{{- if and (eq $values.certificates.mode "certManager") (not $values.certificates.issuer.name) }}
certificates.issuer.name is empty: certificates.mode certManager needs one
{{- end }}
{{- if and (eq $values.certificates.mode "bootstrap") $values.networkPolicy.enabled (not $values.certificates.bootstrap.apiServerCidrs) }}
certificates.bootstrap.apiServerCidrs is empty: the Job could not reach the API server to store certificates
{{- end }}
{{- if le (include "kasbah.seconds" $values.certificates.duration | int) (mul 2 (include "kasbah.seconds" $values.certificates.renewBefore | int)) }}
certificates.renewBefore has to be less than half of certificates.duration
{{- end }}
{{- $age := include "kasbah.seconds" $values.connectionAge.max | int }}
{{- $grace := include "kasbah.seconds" $values.connectionAge.grace | int }}
{{- if or (lt $age 10) (gt $age 86400) }}
connectionAge.max has to be from 10s to 24h
{{- end }}
{{- if gt $grace 3600 }}
connectionAge.grace has to be 1h or less
{{- end }}
{{- if lt (include "kasbah.seconds" $values.certificates.renewBefore | int) (add $age 5400 | int) }}
certificates.renewBefore has to be 90m more than connectionAge.max: connections live for {{ $values.connectionAge.max }}, and an issuer may be away for a while
{{- end }}
{{- include "kasbah.contradictions.database" . }}
{{- range $name := $running }}
{{- $service := include "kasbah.service" (dict "root" $ "name" $name) | fromYaml }}
{{- $at := printf "services.%s" $name }}
{{- range $section, $key := dict "server" (list "listen" "admin_listen" "tls_directory" "trust_domain" "drain" "auth_address" "max_connection_age" "max_connection_age_grace") "peers" list }}
{{- $set := get $service.settings $section | default dict }}
{{- range $own := (ternary (keys $set) $key (eq $section "peers")) }}
{{- if hasKey $set $own }}
{{ $at }}.settings.{{ $section }}.{{ $own }} is the chart's to say: see ports, trustDomain, stop, connectionAge and services
{{- end }}
{{- end }}
{{- end }}
{{- range $section, $role := $service.pools }}
{{- if hasKey $service.settings $section }}
{{ $at }}.settings.{{ $section }} is the chart's to say: see database and connections
{{- end }}
{{- end }}
{{- if and $service.autoscaling.enabled (gt (int $service.autoscaling.minReplicas) (int $service.autoscaling.maxReplicas)) }}
{{ $at }}.autoscaling.minReplicas is more than maxReplicas
{{- end }}
{{- if and $service.storage.enabled (eq $service.storage.accessMode "ReadWriteOnce") (or $service.autoscaling.enabled (gt (int $service.replicas) 1)) }}
{{ $at }}.storage.accessMode ReadWriteOnce is for one replica: a second one would not get the volume
{{- end }}
{{- if gt (add (int $service.stop.preStop) (int $service.stop.drain) 5) (int $service.stop.grace) }}
{{ $at }}.stop.grace has to be preStop + drain + 5 or more: the process would be killed while calls end
{{- end }}
{{- range $egress := concat $service.egress $values.networkPolicy.egress | uniq }}
{{- include "kasbah.contradictions.egress" (dict "root" $ "at" $at "name" $egress) }}
{{- end }}
{{- end }}
{{- if has "vault" $running }}
{{- $vault := include "kasbah.service" (dict "root" $ "name" "vault") | fromYaml }}
{{- if not (or $vault.settings.seal_file $vault.settings.pkcs11 $vault.settings.aws_kms) }}
services.vault.settings names no seal: seal_file, pkcs11 or aws_kms has to open the root key
{{- end }}
{{- if not $vault.settings.shares }}
services.vault.settings.shares is empty: directory, s3 or aws_kms has to keep the keys' shares
{{- end }}
{{- if and $values.externalSecrets.enabled (not $values.externalSecrets.store.name) }}
externalSecrets.store.name is empty
{{- end }}
{{- end }}
{{- include "kasbah.contradictions.directories" (dict "root" $ "running" $running) }}
{{- if $values.routes.enabled }}
{{- if or (not $values.routes.domain) (not $values.routes.parentRefs) }}
routes.domain and routes.parentRefs have to say where callers come in
{{- end }}
{{- range $values.routes.services }}
{{- if not (has . $running) }}
routes.services names {{ . }}, which does not run
{{- end }}
{{- end }}
{{- if not (hasPrefix "gateway.networking.k8s.io/" $values.routes.apiVersion) }}
routes.apiVersion has to be of gateway.networking.k8s.io
{{- end }}
{{- end }}
{{- if $values.ingress.enabled }}
{{- if not (has $values.ingress.service $running) }}
ingress.service is {{ $values.ingress.service }}, which is no service that runs: only an HTTP edge can stand behind an Ingress
{{- end }}
{{- if has $values.ingress.service $running }}
{{- $edge := include "kasbah.service" (dict "root" $ "name" $values.ingress.service) | fromYaml }}
{{- if not $edge.httpPort }}
services.{{ $values.ingress.service }}.httpPort is 0: an Ingress has nothing to call
{{- end }}
{{- end }}
{{- if and $values.networkPolicy.enabled (not $values.ingress.cidrs) }}
ingress.cidrs is empty: the load balancer could not reach the edge
{{- end }}
{{- if not $values.ingress.host }}
ingress.host is empty
{{- end }}
{{- end }}
{{- if and $values.monitoring.serviceMonitor.enabled $values.monitoring.podMonitor.enabled }}
monitoring has both serviceMonitor and podMonitor: every process would be scraped twice
{{- end }}
{{- include "kasbah.contradictions.backup" . }}
{{- if $values.witness.enabled }}
{{- if not $values.witness.logs }}
witness.logs is empty: it would cosign nothing
{{- end }}
{{- if and $values.witness.keygen (not $values.witness.name) }}
witness.keygen needs witness.name, such as witness.example.com/w1
{{- end }}
{{- if and $values.networkPolicy.enabled (not $values.witness.from) }}
witness.from is empty: nobody could reach the witness
{{- end }}
{{- end }}
{{- if $values.csiProvider.enabled }}
{{- if or (not (has "auth" $running)) (not (has "vault" $running)) }}
csiProvider needs auth and vault in this release
{{- end }}
{{- if eq (include "kasbah.csiNamespace" . | trim) .Release.Namespace }}
csiProvider.namespace is the release's own, whose pods Pod Security restricts: it needs another
{{- end }}
{{- end }}
{{- end -}}

{{- define "kasbah.contradictions.database" -}}
{{- $database := .Values.database -}}
{{- $used := or (include "kasbah.running" .) $database.migrations.enabled -}}
{{- if $used }}
{{- if $database.cloudNativePG.enabled }}
{{- if or $database.host $database.ca.configMap $database.ca.secret }}
database.host and database.ca contradict database.cloudNativePG, which brings its own
{{- end }}
{{- else }}
{{- if not $database.host }}
database.host is empty
{{- end }}
{{- if eq (empty $database.ca.configMap) (empty $database.ca.secret) }}
database.ca needs configMap or secret, one of them: the server's certificate is always verified
{{- end }}
{{- if and .Values.networkPolicy.enabled (not (or $database.cidrs $database.podSelector $database.namespaceSelector)) }}
database.cidrs, podSelector or namespaceSelector has to say where PostgreSQL is: networkPolicy lets nobody through otherwise
{{- end }}
{{- if and $database.bootstrap.enabled (not $database.bootstrap.pgpassSecret) }}
database.bootstrap.pgpassSecret is empty: making roles needs a superuser's password file
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "kasbah.contradictions.egress" -}}
{{- $way := get .root.Values.egress .name -}}
{{- if not $way }}
{{ .at }}.egress names {{ .name }}, which egress does not have
{{- else if not (or $way.cidrs $way.podSelector $way.namespaceSelector) }}
egress.{{ .name }} leads nowhere: it needs cidrs, podSelector or namespaceSelector
{{- end }}
{{- end -}}

{{/* A directory that replicas share is a volume's, or every pod would have its own and lose it. */}}
{{- define "kasbah.contradictions.directories" -}}
{{- range $name, $section := dict "vault" "shares" "tenant-data" "files" "audit" "archive" }}
{{- if has $name $.running }}
{{- $service := include "kasbah.service" (dict "root" $.root "name" $name) | fromYaml }}
{{- $stored := get $service.settings $section | default dict }}
{{- $directory := get $stored "directory" }}
{{- if and $directory (not (and $service.storage.enabled (hasPrefix "/var/lib/kasbah/data" $directory))) }}
services.{{ $name }}.settings.{{ $section }}.directory has to be in /var/lib/kasbah/data, with storage.enabled: elsewhere each pod would have its own and lose it
{{- end }}
{{- if and (ne $name "vault") (not (or $directory (dig "s3" "bucket" "" $stored))) }}
services.{{ $name }}.settings.{{ $section }} needs directory or s3
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "kasbah.contradictions.backup" -}}
{{- $dump := .Values.backup.dump -}}
{{- if $dump.enabled }}
{{- if not $dump.recipientsConfigMap }}
backup.dump.recipientsConfigMap is empty: for whom are dumps encrypted?
{{- end }}
{{- if eq $dump.destination "s3" }}
{{- if not $dump.s3.bucket }}
backup.dump.s3.bucket is empty
{{- end }}
{{- if and .Values.networkPolicy.enabled (not $dump.egress) }}
backup.dump.egress is empty: the dump could not reach its bucket
{{- end }}
{{- end }}
{{- range $dump.egress }}
{{- include "kasbah.contradictions.egress" (dict "root" $ "at" "backup.dump" "name" .) }}
{{- end }}
{{- end }}
{{- with .Values.backup.restoreTest }}
{{- if .enabled }}
{{- if not $dump.enabled }}
backup.restoreTest without backup.dump: there would be nothing to restore
{{- end }}
{{- if not .identitySecret }}
backup.restoreTest.identitySecret is empty: dumps could not be opened
{{- end }}
{{- range .egress }}
{{- include "kasbah.contradictions.egress" (dict "root" $ "at" "backup.restoreTest" "name" .) }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}
