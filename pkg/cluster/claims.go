package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// ReadClaims reads all claims of a namespace, or of all namespaces, and everything that
// has a say about them: one paged list per kind, side by side. The sets are read
// without a selection, because any of them may want a claim. Only claims and sets are
// needed; what else the user may not list is in the Inventory's Missing. seen is told
// now and then how many objects of a resource have come, from several goroutines.
func (c *Client) ReadClaims(ctx context.Context, namespace string, seen func(resource string, n int)) (*sts.Inventory, error) {
	inv := &sts.Inventory{}
	r := reader{ctx: ctx, inv: inv, needed: []string{"statefulsets", "persistentvolumeclaims"}, seen: seen}
	page := metav1.ListOptions{Limit: pageSize}
	core := c.kube.CoreV1()
	c.around(&r, namespace)
	claims, volumes := newShared(), newShared() // each list has a goroutine of its own
	r.list("persistentvolumeclaims", page, listOf(core.PersistentVolumeClaims(namespace).List),
		func(o runtime.Object) {
			inv.Claims = append(inv.Claims, claims.slimClaim(o.(*corev1.PersistentVolumeClaim)))
		})
	r.list("persistentvolumes", page, listOf(core.PersistentVolumes().List),
		func(o runtime.Object) {
			volume := volumes.slimVolume(o.(*corev1.PersistentVolume))
			if r := volume.Retained; r != nil && namespace != "" && r.Claim.Namespace != namespace {
				volume.Retained = nil // nothing of it is asked
			}
			inv.Volumes = append(inv.Volumes, volume)
		})
	deletions := metav1.ListOptions{Limit: pageSize, FieldSelector: "reason=" + sts.PodDeletedReason + ",involvedObject.kind=StatefulSet"}
	r.list("events", deletions, listOf(core.Events(namespace).List),
		func(o runtime.Object) { inv.Events = append(inv.Events, o.(*corev1.Event)) })
	if err := r.wait(); err != nil {
		return nil, err
	}
	inv.TakenAt = c.Now()
	return inv, nil
}

// around lists what wants claims: sets, pods and autoscalers.
func (c *Client) around(r *reader, namespace string) {
	page, inv := metav1.ListOptions{Limit: pageSize}, r.inv
	r.list("statefulsets", page, listOf(c.kube.AppsV1().StatefulSets(namespace).List),
		func(o runtime.Object) { inv.Sets = append(inv.Sets, slimSet(o.(*appsv1.StatefulSet))) })
	r.list("pods", page, listOf(c.kube.CoreV1().Pods(namespace).List), func(o runtime.Object) {
		// Most pods of a cluster mount no claim: they are not kept.
		if pod := o.(*corev1.Pod); len(sts.MountedClaims(pod)) > 0 {
			inv.Pods = append(inv.Pods, slimPod(pod))
		}
	})
	r.list("horizontalpodautoscalers", page, listOf(c.kube.AutoscalingV2().HorizontalPodAutoscalers(namespace).List),
		func(o runtime.Object) { inv.HPAs = append(inv.HPAs, o.(*autoscalingv2.HorizontalPodAutoscaler)) })
	r.read("scaledobjects", func() (err error) {
		inv.ScaledObjects, err = c.scaledObjects(r.ctx, namespace)
		return err
	})
}

// kedaAPI is where KEDA serves its ScaledObjects, a custom resource.
const kedaAPI = "/apis/keda.sh/v1alpha1"

// scaledObjects lists KEDA's ScaledObjects; none where KEDA is not installed. That is
// asked first: a list of what does not exist is forbidden to most.
func (c *Client) scaledObjects(ctx context.Context, namespace string) ([]sts.ScaledObject, error) {
	api := c.kube.Discovery().RESTClient()
	if c.noKEDA.Load() {
		return nil, nil
	}
	if err := api.Get().AbsPath(kedaAPI).Do(ctx).Error(); err != nil {
		if apierrors.IsNotFound(err) {
			c.noKEDA.Store(true)
			return nil, nil
		}
		return nil, err
	}
	path := kedaAPI + "/scaledobjects"
	if namespace != "" {
		path = kedaAPI + "/namespaces/" + namespace + "/scaledobjects"
	}
	var out []sts.ScaledObject
	for more := ""; ; {
		result := api.Get().AbsPath(path).SetHeader("Accept", runtime.ContentTypeJSON).
			Param("limit", strconv.Itoa(pageSize)).Param("continue", more).Do(ctx)
		if err := result.Error(); err != nil { // Raw's would lack the server's words
			return nil, err
		}
		raw, err := result.Raw()
		if err != nil {
			return nil, err
		}
		var list struct {
			Metadata metav1.ListMeta
			Items    []struct {
				Metadata metav1.ObjectMeta
				Spec     struct {
					ScaleTargetRef  autoscalingv2.CrossVersionObjectReference
					MaxReplicaCount *int32
				}
			}
		}
		if err := json.Unmarshal(raw, &list); err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		for i := range list.Items {
			o, spec := &list.Items[i].Metadata, &list.Items[i].Spec
			if spec.ScaleTargetRef.Kind != "StatefulSet" {
				continue
			}
			most := int32(100) // KEDA's default
			if spec.MaxReplicaCount != nil {
				most = *spec.MaxReplicaCount
			}
			out = append(out, sts.ScaledObject{Namespace: o.Namespace, Name: o.Name, Set: spec.ScaleTargetRef.Name, MaxReplicas: most})
		}
		if more = list.Metadata.Continue; more == "" {
			return out, nil
		}
	}
}

// slimSet leaves of a set what its claims depend on.
func slimSet(s *appsv1.StatefulSet) *appsv1.StatefulSet {
	templates := make([]corev1.PersistentVolumeClaim, len(s.Spec.VolumeClaimTemplates))
	for i := range templates {
		templates[i].Name = s.Spec.VolumeClaimTemplates[i].Name
	}
	return &appsv1.StatefulSet{
		ObjectMeta: slimMeta(&s.ObjectMeta, s.Labels),
		Spec: appsv1.StatefulSetSpec{
			Replicas: s.Spec.Replicas, Selector: s.Spec.Selector, Ordinals: s.Spec.Ordinals, VolumeClaimTemplates: templates,
		},
	}
}

// slimPod leaves of a pod what it mounts.
func slimPod(p *corev1.Pod) *corev1.Pod {
	out := &corev1.Pod{ObjectMeta: slimMeta(&p.ObjectMeta, nil), Status: corev1.PodStatus{Phase: p.Status.Phase}}
	out.Spec.NodeName = p.Spec.NodeName
	for _, v := range p.Spec.Volumes {
		if v.Ephemeral != nil {
			v.Ephemeral = &corev1.EphemeralVolumeSource{}
		}
		if v.Ephemeral != nil || v.PersistentVolumeClaim != nil {
			out.Spec.Volumes = append(out.Spec.Volumes, v)
		}
	}
	return out
}

// slimMeta leaves what tells an object from others and to whom it belongs.
func slimMeta(m *metav1.ObjectMeta, labels map[string]string) metav1.ObjectMeta {
	out := metav1.ObjectMeta{
		Namespace: m.Namespace, Name: m.Name, UID: m.UID, ResourceVersion: m.ResourceVersion, Labels: labels,
		CreationTimestamp: m.CreationTimestamp, DeletionTimestamp: m.DeletionTimestamp,
		OwnerReferences: m.OwnerReferences, Finalizers: m.Finalizers,
	}
	for k, v := range m.Annotations {
		if !sts.MarksClaim(k) {
			continue
		}
		if out.Annotations == nil {
			out.Annotations = map[string]string{}
		}
		if !strings.HasPrefix(k, sts.AnnotationPrefix) {
			v = "" // that it is there is enough, and it may be long
		}
		out.Annotations[k] = v
	}
	return out
}

// shared is what many claims or volumes have in common. It is kept once: a hundred
// thousand claims have a few sizes, and as many sets of labels as there are sets.
type shared struct {
	words  map[string]string
	labels map[string]map[string]string
	sizes  map[string]corev1.ResourceList
}

func newShared() *shared {
	return &shared{map[string]string{}, map[string]map[string]string{}, map[string]corev1.ResourceList{}}
}

func (s *shared) word(w string) string {
	if have, ok := s.words[w]; ok {
		return have
	}
	s.words[w] = w
	return w
}

func (s *shared) labelsOf(labels map[string]string) map[string]string {
	var key strings.Builder
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		key.WriteString(k + "=" + labels[k] + ",")
	}
	if have, ok := s.labels[key.String()]; ok {
		return have
	}
	s.labels[key.String()] = labels
	return labels
}

func (s *shared) size(r corev1.ResourceList) corev1.ResourceList {
	q, ok := r[corev1.ResourceStorage]
	if !ok {
		return nil
	}
	key := q.String()
	if have, ok := s.sizes[key]; ok {
		return have
	}
	s.sizes[key] = corev1.ResourceList{corev1.ResourceStorage: q}
	return s.sizes[key]
}

func (s *shared) meta(m *metav1.ObjectMeta) metav1.ObjectMeta {
	out := slimMeta(m, s.labelsOf(m.Labels))
	out.Namespace, out.ResourceVersion = s.word(m.Namespace), ""
	for i := range out.Finalizers {
		out.Finalizers[i] = s.word(out.Finalizers[i])
	}
	return out
}

// slimClaim leaves of a claim what tells where it comes from and what it holds.
func (s *shared) slimClaim(c *corev1.PersistentVolumeClaim) *corev1.PersistentVolumeClaim {
	out := &corev1.PersistentVolumeClaim{ObjectMeta: s.meta(&c.ObjectMeta)}
	for _, maker := range c.ManagedFields {
		out.ManagedFields = append(out.ManagedFields, metav1.ManagedFieldsEntry{Manager: s.word(maker.Manager)})
	}
	out.Spec.VolumeName = c.Spec.VolumeName
	out.Spec.Resources.Requests = s.size(c.Spec.Resources.Requests)
	if c.Spec.StorageClassName != nil {
		class := s.word(*c.Spec.StorageClassName)
		out.Spec.StorageClassName = &class
	}
	out.Status.Phase, out.Status.Capacity = corev1.PersistentVolumeClaimPhase(s.word(string(c.Status.Phase))), s.size(c.Status.Capacity)
	for _, condition := range c.Status.Conditions {
		if condition.Type == corev1.PersistentVolumeClaimUnused {
			out.Status.Conditions = []corev1.PersistentVolumeClaimCondition{{
				Type: corev1.PersistentVolumeClaimUnused, Status: condition.Status, LastTransitionTime: condition.LastTransitionTime,
			}}
		}
	}
	return out
}

// slimVolume leaves of a volume whose it is and what it stands for.
func (s *shared) slimVolume(v *corev1.PersistentVolume) sts.Volume {
	out := sts.NewVolume(v)
	out.ReclaimPolicy = corev1.PersistentVolumeReclaimPolicy(s.word(string(out.ReclaimPolicy)))
	out.Phase = corev1.PersistentVolumePhase(s.word(string(out.Phase)))
	out.Claim.Namespace, out.Storage.Where = s.word(out.Claim.Namespace), s.word(out.Storage.Where)
	if out.Retained != nil {
		out.Retained.Claim = s.slimClaim(out.Retained.Claim)
	}
	return out
}
