// Reads manifests from standard input as the API server would: every field has to exist in the
// Kubernetes API and have its type, every pod has to pass Pod Security "restricted" by the library that
// admission itself uses, and no two objects may share a name. `-matrix` prints what the NetworkPolicies let through. Kinds of operators that are not part of
// Kubernetes are counted and named. `-privileged NAMESPACE` exempts one namespace's pods.
package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	psaapi "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"
)

// What the chart may hold that Kubernetes itself does not define.
var ofOperators = map[string]bool{
	"cert-manager.io/v1 Certificate":              true,
	"external-secrets.io/v1 ExternalSecret":       true,
	"gateway.networking.k8s.io/v1 GRPCRoute":      true,
	"gateway.networking.k8s.io/v1alpha2 TLSRoute": true,
	"monitoring.coreos.com/v1 PodMonitor":         true,
	"monitoring.coreos.com/v1 PrometheusRule":     true,
	"monitoring.coreos.com/v1 ServiceMonitor":     true,
	"operator.victoriametrics.com/v1beta1 VMRule": true,
	"postgresql.cnpg.io/v1 Cluster":               true,
	"postgresql.cnpg.io/v1 ScheduledBackup":       true,
}

type checker struct {
	decoder   runtime.Decoder
	evaluator policy.Evaluator
	exempt    string
	seen      map[string]bool
	operators map[string]int
	objects   int
	pods      int
	problems  []string
	// For the matrix of who reaches whom.
	namespace string
	policies  []*networkingv1.NetworkPolicy
	ends      []end
}

func newChecker(exempt string) (*checker, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		appsv1.AddToScheme, autoscalingv2.AddToScheme, batchv1.AddToScheme, corev1.AddToScheme,
		networkingv1.AddToScheme, policyv1.AddToScheme, rbacv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks())
	if err != nil {
		return nil, err
	}
	return &checker{
		decoder:   serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer(),
		evaluator: evaluator,
		exempt:    exempt,
		seen:      map[string]bool{},
		operators: map[string]int{},
	}, nil
}

func (c *checker) problem(where, format string, arguments ...any) {
	c.problems = append(c.problems, where+": "+fmt.Sprintf(format, arguments...))
}

// check takes one document.
func (c *checker) check(document []byte) {
	if len(bytes.TrimSpace(document)) == 0 {
		return
	}
	var meta metav1.PartialObjectMetadata
	if err := yaml.Unmarshal(document, &meta); err != nil {
		c.problem("document", "%v", err)
		return
	}
	if meta.Kind == "" && meta.Name == "" {
		return // comments alone
	}
	c.objects++
	where := fmt.Sprintf("%s %s/%s", meta.Kind, meta.Namespace, meta.Name)
	if c.seen[where] {
		c.problem(where, "is there twice")
	}
	c.seen[where] = true
	for _, fault := range validation.IsDNS1123Subdomain(meta.Name) {
		c.problem(where, "name: %s", fault)
	}
	for key, value := range meta.Labels {
		for _, fault := range validation.IsValidLabelValue(value) {
			c.problem(where, "label %s: %s", key, fault)
		}
	}
	if kind := meta.APIVersion + " " + meta.Kind; ofOperators[kind] {
		c.operators[kind]++
		return
	}
	object, _, err := c.decoder.Decode(document, nil, nil)
	if err != nil {
		c.problem(where, "%v", err)
		return
	}
	if network, ok := object.(*networkingv1.NetworkPolicy); ok {
		c.policies = append(c.policies, network)
	}
	c.checkPods(where, object)
}

func (c *checker) checkPods(where string, object runtime.Object) {
	var namespace string
	var meta metav1.ObjectMeta
	var spec *corev1.PodSpec
	switch o := object.(type) {
	case *corev1.Pod:
		namespace, meta, spec = o.Namespace, o.ObjectMeta, &o.Spec
	case *appsv1.Deployment:
		namespace, meta, spec = o.Namespace, o.Spec.Template.ObjectMeta, &o.Spec.Template.Spec
	case *appsv1.StatefulSet:
		namespace, meta, spec = o.Namespace, o.Spec.Template.ObjectMeta, &o.Spec.Template.Spec
	case *appsv1.DaemonSet:
		namespace, meta, spec = o.Namespace, o.Spec.Template.ObjectMeta, &o.Spec.Template.Spec
	case *batchv1.Job:
		namespace, meta, spec = o.Namespace, o.Spec.Template.ObjectMeta, &o.Spec.Template.Spec
	case *batchv1.CronJob:
		template := o.Spec.JobTemplate.Spec.Template
		namespace, meta, spec = o.Namespace, template.ObjectMeta, &template.Spec
	default:
		return
	}
	c.pods++
	c.addEnd(namespace, meta.Labels, spec)
	c.checkContainers(where, spec)
	if c.exempt != "" && namespace == c.exempt {
		return
	}
	version := psaapi.LevelVersion{Level: psaapi.LevelRestricted, Version: psaapi.LatestVersion()}
	for _, result := range c.evaluator.EvaluatePod(version, &meta, spec) {
		if !result.Allowed {
			c.problem(where, "Pod Security restricted: %s: %s", result.ForbiddenReason, result.ForbiddenDetail)
		}
	}
}

// addEnd remembers a pod by its component, and what its containers listen on.
func (c *checker) addEnd(namespace string, labels map[string]string, spec *corev1.PodSpec) {
	pod := end{name: "kasbah:" + labels["app.kubernetes.io/component"], namespace: namespace, labels: labels}
	for _, container := range spec.Containers {
		for _, port := range container.Ports {
			pod.ports = append(pod.ports, port.ContainerPort)
		}
	}
	for _, known := range c.ends {
		if known.name == pod.name {
			return // a Job and the CronJob of the same pods
		}
	}
	c.ends = append(c.ends, pod)
	if namespace != c.exempt {
		c.namespace = namespace
	}
}

// checkContainers holds what the project asks beyond Pod Security.
func (c *checker) checkContainers(where string, spec *corev1.PodSpec) {
	if spec.AutomountServiceAccountToken == nil || *spec.AutomountServiceAccountToken {
		c.problem(where, "mounts a token of the API server")
	}
	volumes := map[string]bool{}
	for _, volume := range spec.Volumes {
		volumes[volume.Name] = true
	}
	for _, container := range append(append([]corev1.Container{}, spec.InitContainers...), spec.Containers...) {
		at := where + " container " + container.Name
		security := container.SecurityContext
		if security == nil || security.ReadOnlyRootFilesystem == nil || !*security.ReadOnlyRootFilesystem {
			c.problem(at, "its root file system can be written to")
		}
		if container.Resources.Limits.Memory().IsZero() || container.Resources.Limits.Cpu().IsZero() {
			c.problem(at, "no limits")
		}
		if container.Resources.Requests.Memory().IsZero() || container.Resources.Requests.Cpu().IsZero() {
			c.problem(at, "no requests")
		}
		for _, mount := range container.VolumeMounts {
			if !volumes[mount.Name] {
				c.problem(at, "mounts %s, which is no volume of the pod", mount.Name)
			}
		}
	}
}

func run(input io.Reader, exempt string, matrix bool) error {
	c, err := newChecker(exempt)
	if err != nil {
		return err
	}
	reader := utilyaml.NewYAMLReader(bufio.NewReader(input))
	for {
		document, err := reader.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		c.check(document)
	}
	if len(c.problems) > 0 {
		return fmt.Errorf("%s", strings.Join(c.problems, "\n"))
	}
	if matrix {
		fmt.Print(c.matrix())
		return nil
	}
	kinds := []string{}
	for kind, count := range c.operators {
		kinds = append(kinds, fmt.Sprintf("%s (%d)", kind, count))
	}
	sort.Strings(kinds)
	fmt.Printf("%d objects, %d with pods; of operators, whose schemas are not here: %s\n", c.objects, c.pods,
		strings.Join(kinds, ", "))
	return nil
}

func main() {
	exempt := flag.String("privileged", "", "a namespace whose pods are not restricted")
	matrix := flag.Bool("matrix", false, "print who reaches whom through the NetworkPolicies")
	flag.Parse()
	if err := run(os.Stdin, *exempt, *matrix); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
