// kasbah-node is what a Kubernetes cluster is made of, in one program: linked once, where no image of
// it can be had. Its first argument says which part it is.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

var parts = map[string]func() *cobra.Command{
	"kube-apiserver":          apiserver.NewAPIServerCommand,
	"kube-controller-manager": controllers.NewControllerManagerCommand,
	"kube-proxy":              proxy.NewProxyCommand,
	"kube-scheduler":          func() *cobra.Command { return scheduler.NewSchedulerCommand() },
	"kubelet":                 func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) },
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "kasbah-node kube-apiserver|kube-controller-manager|kube-scheduler|kubelet|"+
			"kube-proxy|network-policies|coredns [argument…]")
		os.Exit(2)
	}
	part := os.Args[1]
	// Each parses its own arguments, as if it were alone.
	os.Args = append([]string{part}, os.Args[2:]...)
	if command, ok := parts[part]; ok {
		os.Exit(cli.Run(command()))
	}
	switch part {
	case "coredns":
		serveNames()
	case "network-policies":
		enforceNetworkPolicies()
	default:
		fmt.Fprintf(os.Stderr, "%s is no part of this\n", part)
		os.Exit(2)
	}
}
