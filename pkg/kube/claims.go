package kube

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
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// ReadClaims reads all claims of a namespace, or of all namespaces, and everything that
// may need them: one paged list per kind, in parallel. The sets are read without a
// selector, because any of them may need a claim. Only claims and sets are required;
// other resources that the user may not list are in the Inventory's Missing. reserve are
// annotations of sets that hold a size. seen is called now and then with the number of
// objects of a resource that were read so far, from several goroutines.
func (c *Client) ReadClaims(ctx context.Context, namespace string, reserve []string, seen func(resource string, n int)) (*sts.Inventory, error) {
	inv := &sts.Inventory{ReserveAnnotations: reserve}
	r := reader{ctx: ctx, inv: inv, needed: []string{"statefulsets", "persistentvolumeclaims"}, seen: seen}
	page := metav1.ListOptions{Limit: pageSize}
	core := c.kube.CoreV1()
	c.around(&r, namespace)
	claims, volumes := newShared(), newShared() // each list has a goroutine of its own
	r.list("persistentvolumeclaims", page, listOf(core.PersistentVolumeClaims(namespace).List),
		func(o runtime.Object) {
			claim := o.(*corev1.PersistentVolumeClaim)
			r.cloned(claim)
			inv.Claims = append(inv.Claims, claims.slimClaim(claim))
		})
	r.list("persistentvolumes", page, listOf(core.PersistentVolumes().List),
		func(o runtime.Object) {
			volume := volumes.slimVolume(o.(*corev1.PersistentVolume))
			if r := volume.Retained; r != nil && namespace != "" && r.Claim.Namespace != namespace {
				volume.Retained = nil // not part of the query
			}
			inv.Volumes = append(inv.Volumes, volume)
		})
	if err := r.wait(); err != nil {
		return nil, err
	}
	inv.TakenAt = c.Now()
	return inv, nil
}

// around lists what may need claims: sets, pods, autoscalers and what else references claims.
func (c *Client) around(r *reader, namespace string) {
	page, inv := metav1.ListOptions{Limit: pageSize}, r.inv
	r.list("statefulsets", page, listOf(c.kube.AppsV1().StatefulSets(namespace).List), func(o runtime.Object) {
		set := o.(*appsv1.StatefulSet)
		r.uses("statefulset.apps", set, &set.Spec.Template)
		inv.Sets = append(inv.Sets, slimSet(set, inv.ReserveAnnotations))
	})
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
	c.templates(r, namespace, func(*appsv1.Deployment) {})
	r.read("volumesnapshots", func() error { return c.snapshots(r, namespace) })
}

// templatePage is how many objects with a pod template one request asks for: they are large,
// and little of them is kept.
const templatePage = 500

// templates lists what has a pod template, for the claims that it references, and passes on the Deployments.
func (c *Client) templates(r *reader, namespace string, add func(*appsv1.Deployment)) {
	page := metav1.ListOptions{Limit: templatePage}
	apps, batch := c.kube.AppsV1(), c.kube.BatchV1()
	r.list("deployments", page, listOf(apps.Deployments(namespace).List), func(o runtime.Object) {
		d := o.(*appsv1.Deployment)
		r.uses("deployment.apps", d, &d.Spec.Template)
		add(d)
	})
	r.list("daemonsets", page, listOf(apps.DaemonSets(namespace).List), func(o runtime.Object) {
		d := o.(*appsv1.DaemonSet)
		r.uses("daemonset.apps", d, &d.Spec.Template)
	})
	r.list("replicasets", page, listOf(apps.ReplicaSets(namespace).List), func(o runtime.Object) {
		rs := o.(*appsv1.ReplicaSet)
		ref := metav1.GetControllerOfNoCopy(rs)
		if old := rs.Spec.Replicas != nil && *rs.Spec.Replicas == 0; old && ref != nil && ref.Kind == "Deployment" && strings.HasPrefix(ref.APIVersion, appsv1.GroupName+"/") {
			return // an earlier revision
		}
		r.uses("replicaset.apps", rs, &rs.Spec.Template)
	})
	r.list("replicationcontrollers", page, listOf(c.kube.CoreV1().ReplicationControllers(namespace).List), func(o runtime.Object) {
		rc := o.(*corev1.ReplicationController)
		r.uses("replicationcontroller", rc, rc.Spec.Template)
	})
	r.list("jobs", page, listOf(batch.Jobs(namespace).List), func(o runtime.Object) {
		job := o.(*batchv1.Job)
		r.uses("job.batch", job, &job.Spec.Template)
	})
	r.list("cronjobs", page, listOf(batch.CronJobs(namespace).List), func(o runtime.Object) {
		job := o.(*batchv1.CronJob)
		r.uses("cronjob.batch", job, &job.Spec.JobTemplate.Spec.Template)
	})
}

// uses records the claims that a pod template references.
func (r *reader) uses(kind string, o metav1.Object, template *corev1.PodTemplateSpec) {
	if template == nil {
		return
	}
	for _, claim := range sts.TemplateClaims(&template.Spec) {
		r.use(sts.ClaimUse{Namespace: o.GetNamespace(), Claim: claim, By: kind + "/" + o.GetName(), How: sts.UseNames})
	}
}

// cloned records the claim that is the data source of this one.
func (r *reader) cloned(c *corev1.PersistentVolumeClaim) {
	note := func(group *string, kind, namespace, name string) {
		if kind == "PersistentVolumeClaim" && (group == nil || *group == "") {
			r.use(sts.ClaimUse{Namespace: namespace, Claim: name, By: "persistentvolumeclaim/" + c.Name, How: sts.UseClones})
		}
	}
	switch ref, source := c.Spec.DataSourceRef, c.Spec.DataSource; {
	case ref != nil && ref.Namespace != nil && *ref.Namespace != "":
		note(ref.APIGroup, ref.Kind, *ref.Namespace, ref.Name)
	case ref != nil:
		note(ref.APIGroup, ref.Kind, c.Namespace, ref.Name)
	case source != nil:
		note(source.APIGroup, source.Kind, c.Namespace, source.Name)
	}
}

// use records that an object needs a claim. Lists run in parallel.
func (r *reader) use(u sts.ClaimUse) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inv.ClaimUses = append(r.inv.ClaimUses, u)
}

// snapshotGroup is where the API of VolumeSnapshots is served, custom resources.
const snapshotGroup = "snapshot.storage.k8s.io"

// snapshots records the claims of which snapshots are being taken; none where the API does not exist.
func (c *Client) snapshots(r *reader, namespace string) error {
	version, err := c.served(r.ctx, snapshotGroup)
	if version == "" {
		return err
	}
	return customs(r.ctx, c, snapshotGroup+"/"+version, namespace, "volumesnapshots", func(o *volumeSnapshot) {
		if source := o.Spec.Source.PersistentVolumeClaimName; source != nil && !o.Status.ReadyToUse {
			r.use(sts.ClaimUse{
				Namespace: o.Metadata.Namespace, Claim: *source, By: "volumesnapshot." + snapshotGroup + "/" + o.Metadata.Name, How: sts.UseSnapshots,
			})
		}
	})
}

// volumeSnapshot is what is decoded of one.
type volumeSnapshot struct {
	Metadata metav1.ObjectMeta
	Spec     struct {
		Source struct{ PersistentVolumeClaimName *string }
	}
	Status struct{ ReadyToUse bool }
}

// kedaGroup is where KEDA serves its ScaledObjects, a custom resource.
const kedaGroup = "keda.sh"

// scaledObjects lists KEDA's ScaledObjects; none where KEDA is not installed.
func (c *Client) scaledObjects(ctx context.Context, namespace string) ([]sts.ScaledObject, error) {
	version, err := c.served(ctx, kedaGroup)
	if version == "" {
		return nil, err
	}
	var out []sts.ScaledObject
	err = customs(ctx, c, kedaGroup+"/"+version, namespace, "scaledobjects", func(o *sts.ScaledObject) {
		if o.Set != "" {
			out = append(out, *o)
		}
	})
	return out, err
}

// served is the preferred version of an API group, empty where the server does not serve it.
// It is read before a list: most users may not list a resource that does not exist.
func (c *Client) served(ctx context.Context, group string) (version string, err error) {
	if version, ok := c.groups.Load(group); ok {
		return version.(string), nil
	}
	var found metav1.APIGroup
	raw, err := c.kube.Discovery().RESTClient().Get().AbsPath("/apis/"+group).SetHeader("Accept", runtime.ContentTypeJSON).Do(ctx).Raw()
	switch {
	case apierrors.IsNotFound(err):
	case err != nil:
		return "", err
	default:
		if err := json.Unmarshal(raw, &found); err != nil {
			return "", fmt.Errorf("read /apis/%s: %w", group, err)
		}
	}
	c.groups.Store(group, found.PreferredVersion.Version)
	return found.PreferredVersion.Version, nil
}

// customs calls f for every object of a custom resource, page by page. Only what T has is decoded.
func customs[T any](ctx context.Context, c *Client, api, namespace, resource string, f func(*T)) error {
	path := "/apis/" + api + "/" + resource
	if namespace != "" {
		path = "/apis/" + api + "/namespaces/" + namespace + "/" + resource
	}
	for more := ""; ; {
		result := c.kube.Discovery().RESTClient().Get().AbsPath(path).SetHeader("Accept", runtime.ContentTypeJSON).
			Param("limit", strconv.Itoa(pageSize)).Param("continue", more).Do(ctx)
		switch err := result.Error(); { // Raw's error would lack the server's message
		case apierrors.IsNotFound(err):
			return nil // the group has no such resource
		case err != nil:
			return err
		}
		raw, err := result.Raw()
		if err != nil {
			return err
		}
		var list struct {
			Metadata metav1.ListMeta
			Items    []T
		}
		if err := json.Unmarshal(raw, &list); err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		for i := range list.Items {
			f(&list.Items[i])
		}
		if more = list.Metadata.Continue; more == "" {
			return nil
		}
	}
}

// slimSet keeps of a set what its claims depend on. reserve are annotations that hold a size,
// in addition to the known ones.
func slimSet(s *appsv1.StatefulSet, reserve []string) *appsv1.StatefulSet {
	templates := make([]corev1.PersistentVolumeClaim, len(s.Spec.VolumeClaimTemplates))
	for i := range templates {
		templates[i].Name = s.Spec.VolumeClaimTemplates[i].Name
	}
	meta := slimMeta(&s.ObjectMeta, s.Labels)
	for key, value := range s.Annotations {
		if claims.RemembersSize(key, reserve) {
			if meta.Annotations == nil {
				meta.Annotations = map[string]string{}
			}
			meta.Annotations[key] = value
		}
	}
	return &appsv1.StatefulSet{
		ObjectMeta: meta,
		Spec: appsv1.StatefulSetSpec{
			Replicas: s.Spec.Replicas, Selector: s.Spec.Selector, Ordinals: s.Spec.Ordinals, VolumeClaimTemplates: templates,
		},
	}
}

// slimPod keeps of a pod what it mounts.
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

// slimMeta keeps what identifies an object and its owners.
func slimMeta(m *metav1.ObjectMeta, labels map[string]string) metav1.ObjectMeta {
	out := metav1.ObjectMeta{
		Namespace: m.Namespace, Name: m.Name, UID: m.UID, ResourceVersion: m.ResourceVersion, Labels: labels,
		CreationTimestamp: m.CreationTimestamp, DeletionTimestamp: m.DeletionTimestamp,
		OwnerReferences: m.OwnerReferences, Finalizers: m.Finalizers,
	}
	for k, v := range m.Annotations {
		if !claims.MarksClaim(k) {
			continue
		}
		if out.Annotations == nil {
			out.Annotations = map[string]string{}
		}
		if !strings.HasPrefix(k, sts.AnnotationPrefix) {
			v = "" // its existence is enough, and it may be long
		}
		out.Annotations[k] = v
	}
	return out
}

// shared is what many claims or volumes have in common, kept once: a hundred thousand
// claims have a few sizes, and as many sets of labels as there are sets.
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

// slimClaim keeps of a claim its origin and its contents.
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

// slimVolume keeps of a volume its claim and its storage.
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
