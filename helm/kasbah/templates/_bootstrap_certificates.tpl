{{- define "kasbah.pod.makeCertificates" -}}
metadata:
  labels: {{- include "kasbah.labels" (dict "root" $ "component" "make-certificates") | nindent 4 }}
spec: {{- include "kasbah.podSecurity" . | nindent 2 }}
  serviceAccountName: {{ include "kasbah.fullname" . }}-make-certificates
  restartPolicy: OnFailure
  containers:
    - {{- include "kasbah.tool" (dict "root" $ "name" "make-certificates" "script" "make-certificates.sh") | nindent 6 }}
      env:
        - {name: KASBAH_NAMESPACE, value: {{ .Release.Namespace }}}
        - {name: KASBAH_CA_SECRET, value: {{ include "kasbah.fullname" . }}-ca}
        - {name: KASBAH_SECRET_PREFIX, value: {{ include "kasbah.fullname" . }}-tls-}
        - {name: KASBAH_TRUST_DOMAIN, value: {{ .Values.trustDomain | quote }}}
        - name: KASBAH_IDENTITIES
          value: {{ range $key, $path := include "kasbah.identities" . | fromYaml }}{{ $key }}={{ $path }} {{ end }}
      volumeMounts:
        - {name: scripts, mountPath: /run/kasbah/scripts, readOnly: true}
        # The one pod that asks the API server.
        - {name: token, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true}
        - {name: tmp, mountPath: /tmp}
  volumes: {{- include "kasbah.volume.scripts" . | nindent 4 }}
    - name: token
      projected:
        defaultMode: 0440
        sources:
          - serviceAccountToken: {path: token, expirationSeconds: 3600}
          - configMap: {name: kube-root-ca.crt, items: [{key: ca.crt, path: ca.crt}]}
    - {name: tmp, emptyDir: {medium: Memory, sizeLimit: 16Mi}}
{{- end -}}
