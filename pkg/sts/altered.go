package sts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// Alteration is how mutating admission changes an object: the difference between what was sent and
// what the API server stores, without the API server's own defaults.
type Alteration struct {
	// Changes are the fields that differ: the value that was sent, and the value that would be stored.
	//
	// Of a StatefulSet these are fields of the spec and annotations of kubectl sts; of any other
	// object, fields that were sent.
	Changes []Change `json:"changes"`
	// By are the webhooks and policies that are registered for such a write, if they can be listed:
	// `mutatingwebhookconfiguration/kyverno`.
	By []string `json:"by,omitempty"`

	// Sent is the object with defaults and without the changes of admission, Stored the one with
	// them: both sides of a diff, in JSON, only the fields that are compared.
	Sent   json.RawMessage `json:"-"`
	Stored json.RawMessage `json:"-"`
}

// Template says whether all changes can be part of an update: none of them decides which pods
// are updated, how many there are, or what is recorded.
func (a *Alteration) Template() bool {
	return !slices.ContainsFunc(a.Changes, func(c Change) bool {
		for _, fixed := range []string{"spec.replicas", "spec.updateStrategy", "spec.ordinals", "metadata."} {
			if strings.HasPrefix(c.Path, fixed) {
				return true
			}
		}
		return false
	})
}

// Spec says whether a field of the spec is changed, not only a record.
func (a *Alteration) Spec() bool {
	return slices.ContainsFunc(a.Changes, func(c Change) bool { return strings.HasPrefix(c.Path, "spec.") })
}

// Altered compares the API server's answer to a write with the object that was sent. live is the
// set before the write; sent is the set as the write alone would leave it, stored the API server's
// answer. Nil when they are the same.
//
// managedFields distinguish defaults from the changes of admission: they are computed after
// defaulting and before admission. A field without an owner did not exist then, unless the set was
// applied server-side, for which there is a table of the defaults.
func Altered(live, sent, stored *appsv1.StatefulSet) *Alteration {
	c := comparison{}
	var all owners
	for _, e := range stored.ManagedFields {
		var fields map[string]any
		if e.FieldsV1 == nil || json.Unmarshal(e.FieldsV1.GetRawBytes(), &fields) != nil {
			continue
		}
		all = append(all, fields)
		c.tracked = c.tracked || e.Manager == FieldManager
	}
	after := compared(stored)
	expected := c.walk(spot{}, compared(live), compared(sent), after, all)
	if len(c.changes) == 0 {
		return nil
	}
	slices.SortStableFunc(c.changes, func(a, b Change) int { return a.rank() - b.rank() })
	return &Alteration{Changes: c.changes, Sent: mustJSON(expected), Stored: mustJSON(after)}
}

// DifferentTemplate lists in which fields the pod template of a set differs from one that was
// sent or recorded, defaults aside.
func DifferentTemplate(recorded json.RawMessage, set *appsv1.StatefulSet) ([]Change, error) {
	t, err := ParseTemplate(recorded)
	if err != nil {
		return nil, err
	}
	now := &appsv1.StatefulSet{Spec: set.Spec}
	sent := now.DeepCopy()
	sent.Spec.Template = *t
	a := Altered(now, sent, now)
	if a == nil {
		return nil, nil
	}
	return a.Changes, nil
}

// ExpectedSpec is the spec that the API server would store without admission.
func (a *Alteration) ExpectedSpec() (appsv1.StatefulSetSpec, error) {
	var o struct {
		Spec appsv1.StatefulSetSpec `json:"spec"`
	}
	err := json.Unmarshal(a.Sent, &o)
	return o.Spec, err
}

func mustJSON(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // it came from JSON
	}
	return raw
}

// compared is the part of a set that is compared, as JSON values: its spec, and our annotations.
func compared(set *appsv1.StatefulSet) any {
	spec := set.Spec
	spec.Template = *spec.Template.DeepCopy()
	likeServer(&spec.Template)
	o := map[string]any{"spec": spec}
	records := map[string]string{}
	for k, v := range set.Annotations {
		if strings.HasPrefix(k, AnnotationPrefix) {
			records[k] = v
		}
	}
	if len(records) > 0 {
		o["metadata"] = map[string]any{"annotations": records}
	}
	d := json.NewDecoder(bytes.NewReader(mustJSON(o)))
	d.UseNumber() // numbers are shown as they were written
	var out any
	if err := d.Decode(&out); err != nil {
		panic(err) // it was JSON a line ago
	}
	return out
}

// likeServer normalizes a template as the API server does: it keeps the two names of the
// ServiceAccount the same, and drops the annotations that once defined init containers.
func likeServer(t *corev1.PodTemplateSpec) {
	if t.Spec.ServiceAccountName == "" {
		t.Spec.ServiceAccountName = t.Spec.DeprecatedServiceAccount
	}
	t.Spec.DeprecatedServiceAccount = t.Spec.ServiceAccountName
	for _, version := range []string{"alpha", "beta"} {
		for _, what := range []string{"init-containers", "init-container-statuses"} {
			delete(t.Annotations, "pod."+version+".kubernetes.io/"+what)
		}
	}
}

// spot is the place of a value: path names list items, kind does not.
type spot struct {
	path, kind string
	// of are the fields of the object that the field belongs to.
	of map[string]any
}

func (s spot) field(name string, of map[string]any) spot {
	if s.path == "" {
		return spot{name, name, of}
	}
	return spot{s.path + "." + name, s.kind + "." + name, of}
}

func (s spot) item(name string) spot { return spot{path: s.path + name, kind: s.kind + "[]"} }

// owners are the parts of managedFields, of all managers, that are about one value.
type owners []map[string]any

func (o owners) field(name string) owners { return o.next("f:" + name) }

func (o owners) next(key string) (out owners) {
	for _, m := range o {
		if sub, ok := m[key].(map[string]any); ok {
			out = append(out, sub)
		}
	}
	return out
}

// item is the part about a list's item, which managedFields identify by its keys.
func (o owners) item(item any) (out owners) {
	fields, _ := item.(map[string]any)
	for _, m := range o {
		for key, sub := range m {
			keys, ok := strings.CutPrefix(key, "k:")
			d := json.NewDecoder(strings.NewReader(keys))
			d.UseNumber()
			var want map[string]any
			next, isMap := sub.(map[string]any)
			if !ok || !isMap || d.Decode(&want) != nil {
				continue
			}
			if !slices.ContainsFunc(slices.Collect(maps.Keys(want)), func(k string) bool { return fields[k] != want[k] }) {
				out = append(out, next)
			}
		}
	}
	return out
}

// comparison collects the differences.
type comparison struct {
	changes []Change
	tracked bool // managedFields show our write
}

// walk compares two values and returns the second without the changes of admission.
func (c *comparison) walk(at spot, live, sent, stored any, o owners) any {
	if absent(sent) && absent(stored) {
		return stored
	}
	if a, b, ok := both[map[string]any](sent, stored); ok && len(a)+len(b) > 0 {
		out, before := map[string]any{}, as[map[string]any](live)
		for _, k := range slices.Sorted(maps.Keys(union(a, b))) {
			if v := c.walk(at.field(k, a), before[k], a[k], b[k], o.field(k)); v != nil {
				out[k] = v
			}
		}
		if a == nil && len(out) == 0 {
			return nil
		}
		return out
	}
	if a, b, ok := both[[]any](sent, stored); ok && ofObjects(a) && ofObjects(b) {
		return c.items(at, as[[]any](live), a, b, o)
	}
	switch {
	case reflect.DeepEqual(sent, stored), sameAmount(at, sent, stored):
		return stored
	case sent == nil && filledIn(at, stored, len(o) > 0):
		return stored
	case stored == nil && live == nil && c.tracked && len(o) == 0:
		return nil // a field that this API server does not have: it sends a warning of its own
	}
	return c.differs(at, sent, stored)
}

func (c *comparison) differs(at spot, sent, stored any) any {
	from, to := "", ""
	if !absent(sent) {
		from = leaf(sent)
	}
	if !absent(stored) {
		to = leaf(stored)
	}
	c.changes = append(c.changes, Change{Path: at.path, From: from, To: to})
	if absent(sent) {
		return nil
	}
	return sent
}

// items compares two lists of objects, item by item where they have names.
func (c *comparison) items(at spot, live, sent, stored []any, o owners) any {
	before, _ := object(live)
	a, _ := object(sent)
	b, _ := object(stored)
	names, after := itemNames(sent), itemNames(stored)
	var out []any
	for _, name := range slices.Concat(names, slices.DeleteFunc(slices.Clone(after), func(n string) bool { return a[n] != nil })) {
		place := at.item(name)
		switch {
		case a[name] == nil || b[name] == nil:
			if v := c.differs(place, a[name], b[name]); v != nil {
				out = append(out, v)
			}
		default:
			out = append(out, c.walk(place, before[name], a[name], b[name], o.item(b[name])))
		}
	}
	common := func(list []string, other map[string]any) []string {
		return slices.DeleteFunc(slices.Clone(list), func(n string) bool { return other[n] == nil })
	}
	if x, y := common(names, b), common(after, a); !slices.Equal(x, y) {
		c.changes = append(c.changes, Change{Path: at.path, From: strings.Join(x, " "), To: strings.Join(y, " ")})
	}
	return out
}

// itemNames are the keys that [object] gives a list's items, in the list's order.
func itemNames(list []any) []string {
	named, _ := object(list)
	out := make([]string, len(list))
	for i, item := range list {
		for name, v := range named {
			if sameItem(v, item) && !slices.Contains(out, name) {
				out[i] = name
			}
		}
	}
	return out
}

// sameItem says whether both are the very same map.
func sameItem(a, b any) bool { return reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer() }

// absent: a field that is not there. An empty object counts: the controller makes another
// revision of a template that has one.
func absent(v any) bool {
	list, is := v.([]any)
	return v == nil || is && len(list) == 0
}

// both gives two values of one type, one of which may be absent.
func both[T map[string]any | []any](x, y any) (a, b T, ok bool) {
	a, okA := x.(T)
	b, okB := y.(T)
	return a, b, okA && okB || okA && absent(y) || okB && absent(x)
}

func as[T any](v any) T {
	out, _ := v.(T)
	return out
}

func union(a, b map[string]any) map[string]any {
	out := maps.Clone(a)
	if out == nil {
		out = map[string]any{}
	}
	maps.Copy(out, b)
	return out
}

func ofObjects(list []any) bool {
	return !slices.ContainsFunc(list, func(v any) bool { _, is := v.(map[string]any); return !is })
}

// sameAmount says whether both are one quantity: the API server rounds up to thousandths.
func sameAmount(at spot, a, b any) bool {
	x, okA := a.(string)
	y, okB := b.(string)
	if !okA || !okB || !strings.Contains(at.kind, ".limits.") && !strings.Contains(at.kind, ".requests.") && !strings.Contains(at.kind, ".overhead.") {
		return false
	}
	p, err1 := resource.ParseQuantity(x)
	q, err2 := resource.ParseQuantity(y)
	if err1 != nil || err2 != nil {
		return false
	}
	p.RoundUp(resource.Milli)
	q.RoundUp(resource.Milli)
	return p.Cmp(q) == 0
}

// filledIn says whether this value is the API server's default for the field. A value that is not
// in the table counts as a default when the field has an owner.
func filledIn(at spot, value any, owned bool) bool {
	have := fmt.Sprint(value)
	switch {
	case strings.HasSuffix(at.kind, "ontainers[].imagePullPolicy"):
		image, _ := at.of["image"].(string)
		return have == pullPolicy(image)
	case strings.HasSuffix(at.kind, "ontainers[].ports[].hostPort"): // with hostNetwork, in older versions
		return have == fmt.Sprint(at.of["containerPort"])
	}
	for suffix, value := range defaults {
		if strings.HasSuffix(at.kind, suffix) {
			return have == value
		}
	}
	return owned
}

// pullPolicy is the default for an image: one that has no tag, or the tag latest, is pulled
// each time.
func pullPolicy(image string) string {
	name, digest, _ := strings.Cut(image, "@")
	_, tag, tagged := strings.Cut(name[strings.LastIndex(name, "/")+1:], ":")
	if tag == "latest" || !tagged && digest == "" {
		return string(corev1.PullAlways)
	}
	return string(corev1.PullIfNotPresent)
}

// emptyObject is how an object without fields is printed.
const emptyObject = "map[]"

// defaults are the API server's defaults, by the end of the path.
var defaults = map[string]string{
	"spec.replicas":                            "1",
	"spec.revisionHistoryLimit":                "10",
	"spec.podManagementPolicy":                 string(appsv1.OrderedReadyPodManagement),
	"spec.updateStrategy.type":                 string(appsv1.RollingUpdateStatefulSetStrategyType),
	".rollingUpdate.partition":                 "0",
	".rollingUpdate.maxUnavailable":            "1",
	"ClaimRetentionPolicy.whenDeleted":         string(appsv1.RetainPersistentVolumeClaimRetentionPolicyType),
	"ClaimRetentionPolicy.whenScaled":          string(appsv1.RetainPersistentVolumeClaimRetentionPolicyType),
	".volumeMode":                              string(corev1.PersistentVolumeFilesystem),
	"spec.volumeClaimTemplates[].status.phase": string(corev1.ClaimPending),
	"spec.volumeClaimTemplates[].apiVersion":   "v1",
	"spec.volumeClaimTemplates[].kind":         "PersistentVolumeClaim",

	".template.spec.dnsPolicy":                     string(corev1.DNSClusterFirst),
	".template.spec.restartPolicy":                 string(corev1.RestartPolicyAlways),
	".template.spec.terminationGracePeriodSeconds": fmt.Sprint(corev1.DefaultTerminationGracePeriodSeconds),
	".template.spec.schedulerName":                 corev1.DefaultSchedulerName,
	"ontainers[].terminationMessagePath":           corev1.TerminationMessagePathDefault,
	"ontainers[].terminationMessagePolicy":         string(corev1.TerminationMessageReadFile),
	"ontainers[].ports[].protocol":                 string(corev1.ProtocolTCP),
	"Probe.timeoutSeconds":                         "1",
	"Probe.periodSeconds":                          "10",
	"Probe.successThreshold":                       "1",
	"Probe.failureThreshold":                       "3",
	".httpGet.path":                                "/",
	".httpGet.scheme":                              string(corev1.URISchemeHTTP),
	".fieldRef.apiVersion":                         "v1",
	".fileKeyRef.optional":                         "false",
	".grpc.service":                                "",
	".template.spec.securityContext":               emptyObject,

	".volumes[].emptyDir":                    emptyObject,
	".secret.defaultMode":                    fmt.Sprint(corev1.SecretVolumeSourceDefaultMode),
	".configMap.defaultMode":                 fmt.Sprint(corev1.ConfigMapVolumeSourceDefaultMode),
	".downwardAPI.defaultMode":               fmt.Sprint(corev1.DownwardAPIVolumeSourceDefaultMode),
	".projected.defaultMode":                 fmt.Sprint(corev1.ProjectedVolumeSourceDefaultMode),
	".serviceAccountToken.expirationSeconds": "3600",
	".iscsi.iscsiInterface":                  "default",
	".rbd.pool":                              "rbd",
	".rbd.user":                              "admin",
	".rbd.keyring":                           "/etc/ceph/keyring",
	".hostPath.type":                         "",
	".azureDisk.cachingMode":                 string(corev1.AzureDataDiskCachingReadWrite),
	".azureDisk.fsType":                      "ext4",
	".azureDisk.readOnly":                    "false",
	".azureDisk.kind":                        string(corev1.AzureSharedBlobDisk),
	".scaleIO.storageMode":                   "ThinProvisioned",
	".scaleIO.fsType":                        "xfs",
}
