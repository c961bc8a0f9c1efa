package main

import (
	"fmt"
	"net/netip"
	"sort"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// An end of a connection: a pod by its labels and namespace, or an address outside the cluster.
type end struct {
	name      string
	namespace string
	labels    map[string]string
	address   netip.Addr
	// What is listened on, and for pods that only call, nothing.
	ports []int32
}

func (e end) isPod() bool { return !e.address.IsValid() }

// Those of every cluster, beside the release's own pods.
func others(namespace string) []end {
	outside := func(name, address string, ports ...int32) end {
		return end{name: name, address: netip.MustParseAddr(address), ports: ports}
	}
	return []end{
		{name: "dns", namespace: "kube-system", labels: map[string]string{"k8s-app": "kube-dns"}, ports: []int32{53}},
		{name: "gateways", namespace: "gateways", labels: map[string]string{}},
		{name: "monitoring", namespace: "monitoring", labels: map[string]string{}},
		{name: "stranger", namespace: namespace, labels: map[string]string{}},
		{name: "stranger-elsewhere", namespace: "default", labels: map[string]string{}},
		outside("internet", "198.41.0.4", 443, 80),
		outside("metadata", "169.254.169.254", 80, 443),
		outside("private", "10.99.0.1", 443, 5432),
		outside("database", "10.20.0.5", 5432),
		outside("kms", "10.20.32.10", 443),
		outside("s3", "10.20.32.11", 443),
		outside("node", "10.20.1.1"),
	}
}

// reaches answers by the rules of NetworkPolicy: both ends have to let it through, and a pod that no
// policy selects for a direction lets everything through in it.
func reaches(policies []*networkingv1.NetworkPolicy, from, to end, port int32) bool {
	leaves, enters := true, true
	if from.isPod() {
		leaves = allowed(policies, from, networkingv1.PolicyTypeEgress, func(policy *networkingv1.NetworkPolicy) bool {
			for _, rule := range policy.Spec.Egress {
				if hasPort(rule.Ports, port) && hasPeer(policy.Namespace, rule.To, to) {
					return true
				}
			}
			return false
		})
	}
	if to.isPod() {
		enters = allowed(policies, to, networkingv1.PolicyTypeIngress, func(policy *networkingv1.NetworkPolicy) bool {
			for _, rule := range policy.Spec.Ingress {
				if hasPort(rule.Ports, port) && hasPeer(policy.Namespace, rule.From, from) {
					return true
				}
			}
			return false
		})
	}
	return leaves && enters
}

func allowed(policies []*networkingv1.NetworkPolicy, pod end, direction networkingv1.PolicyType,
	admits func(*networkingv1.NetworkPolicy) bool) bool {
	selected := false
	for _, policy := range policies {
		if policy.Namespace != pod.namespace || !selects(&policy.Spec.PodSelector, pod.labels) {
			continue
		}
		for _, kind := range policy.Spec.PolicyTypes {
			if kind == direction {
				selected = true
				if admits(policy) {
					return true
				}
			}
		}
	}
	return !selected
}

func selects(selector *metav1.LabelSelector, of map[string]string) bool {
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && parsed.Matches(labels.Set(of))
}

func hasPort(ports []networkingv1.NetworkPolicyPort, port int32) bool {
	for _, each := range ports {
		if each.Port != nil && each.Port.IntVal == port {
			return true
		}
	}
	return len(ports) == 0
}

func hasPeer(namespace string, peers []networkingv1.NetworkPolicyPeer, other end) bool {
	for _, peer := range peers {
		if peer.IPBlock != nil {
			if !other.isPod() && inBlock(peer.IPBlock, other.address) {
				return true
			}
			continue
		}
		if !other.isPod() {
			continue
		}
		inNamespace := other.namespace == namespace
		if peer.NamespaceSelector != nil {
			inNamespace = selects(peer.NamespaceSelector, map[string]string{corev1.LabelMetadataName: other.namespace})
		}
		if inNamespace && (peer.PodSelector == nil || selects(peer.PodSelector, other.labels)) {
			return true
		}
	}
	// A rule without peers is a rule for everybody.
	return len(peers) == 0
}

func inBlock(block *networkingv1.IPBlock, address netip.Addr) bool {
	if !netip.MustParsePrefix(block.CIDR).Contains(address) {
		return false
	}
	for _, except := range block.Except {
		if netip.MustParsePrefix(except).Contains(address) {
			return false
		}
	}
	return true
}

// matrix lists every connection that the policies let through, a caller a line.
func (c *checker) matrix() string {
	all := append(c.ends, others(c.namespace)...)
	sort.SliceStable(c.ends, func(i, j int) bool { return c.ends[i].name < c.ends[j].name })
	var lines []string
	for _, from := range all {
		var targets []string
		for _, to := range all {
			if from.name == to.name && !strings.HasPrefix(from.name, "kasbah:") {
				continue
			}
			for _, port := range to.ports {
				if reaches(c.policies, from, to, port) && concerns(from, to) {
					targets = append(targets, fmt.Sprintf("%s:%d", strings.TrimPrefix(to.name, "kasbah:"), port))
				}
			}
		}
		sort.Strings(targets)
		if len(targets) == 0 {
			targets = []string{"nobody"}
		}
		if strings.HasPrefix(from.name, "kasbah:") || targets[0] != "nobody" || strings.HasPrefix(from.name, "stranger") {
			lines = append(lines, fmt.Sprintf("%s -> %s", strings.TrimPrefix(from.name, "kasbah:"), strings.Join(targets, " ")))
		}
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n") + "\n"
}

// concerns leaves out what is between two others.
func concerns(from, to end) bool {
	return strings.HasPrefix(from.name, "kasbah:") || strings.HasPrefix(to.name, "kasbah:")
}
