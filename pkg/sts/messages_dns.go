package sts

import "k8s.io/apimachinery/pkg/labels"

// NotHeadless says which DNS names there are for the pods of a Service with a cluster IP.
func NotHeadless(service string) string {
	return "service " + service + " is not headless: its name and SRV records resolve to its cluster IP, and whether its pods have DNS names depends on the DNS server (with CoreDNS they do)"
}

// LabelsLater says which pods have DNS names if a Service selects labels that are not in the pod
// template.
func LabelsLater(service string, lacking map[string]string) string {
	return "service " + service + " selects " + labels.Set(lacking).String() + ", which is not in the pod template: only pods that are labeled later have DNS names"
}
