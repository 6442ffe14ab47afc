package sts

import (
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// LabeledLater says whether pods usually get a label with this key after they were created from their template:
// from Kubernetes, or from a program.
func LabeledLater(key string) bool { return LabeledByKubernetes(key) || LabeledByProgram(key) }

// LabeledByKubernetes says whether the StatefulSet controller, or the API server when the pod is scheduled, sets
// the label.
func LabeledByKubernetes(key string) bool {
	switch key {
	case appsv1.StatefulSetPodNameLabel, appsv1.PodIndexLabel, appsv1.ControllerRevisionHashLabelKey, corev1.LabelTopologyZone, corev1.LabelTopologyRegion:
		return true
	}
	return false
}

// LabeledByProgram says whether it looks like a label that a program sets to show its state, such as that of the
// leader: spilo-role, cnpg.io/instanceRole, vault-active.
func LabeledByProgram(key string) bool {
	name := strings.ToLower(key[strings.LastIndexByte(key, '/')+1:])
	return name == "state" || strings.HasSuffix(name, "-state") || strings.HasPrefix(name, "vault-") || strings.HasPrefix(name, "openbao-") ||
		slices.ContainsFunc([]string{"role", "leader", "master", "primary", "active", "sealed", "initialized"}, func(word string) bool { return strings.Contains(name, word) })
}
