package claims_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// labelsOf are written as key, value, key, value.
func labelsOf(pairs ...string) map[string]string {
	out := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
	}
	return out
}

// origin is what is compared of where a claim comes from.
type origin struct {
	State      claims.State
	Set        string
	Makers     []string
	Confidence claims.Confidence
}

// A set is in the way with its selector's labels, or is gone; which sets may have created the
// claim?
func TestClaimOrigins(t *testing.T) {
	const stack = "kube-prometheus-stack-prometheus"
	const instance, name, component = "app.kubernetes.io/instance", "app.kubernetes.io/name", "app.kubernetes.io/component"
	one := func(set string, c claims.Confidence) origin {
		return origin{claims.ClaimSetDeleted, set, []string{set}, c}
	}
	for test, tt := range map[string]struct {
		claim  string
		labels map[string]string
		change func(*place)
		want   origin
	}{
		"a living namesake of the chart's last part": {"data-wordpress-mariadb-0", labelsOf("app", "mariadb", "release", "wordpress", "component", "master"),
			func(p *place) { p.set("mariadb", "data", 1) },
			origin{claims.ClaimSetDeleted, "wordpress-mariadb", []string{"mariadb", "wordpress-mariadb"}, claims.ConfidenceMedium}},
		"a living namesake, and nothing but its label": {"data-wordpress-mariadb-0", labelsOf("app", "mariadb"),
			func(p *place) { p.set("mariadb", "data", 1) },
			origin{claims.ClaimSetDeleted, "wordpress-mariadb", []string{"mariadb", "wordpress-mariadb"}, claims.ConfidenceMedium}},
		"a living namesake with other labels": {"data-wordpress-mariadb-0", labelsOf("app", "mariadb", "release", "wordpress"),
			func(p *place) { p.set("mariadb", "data", 1).Spec.Selector.MatchLabels["role"] = "primary" },
			one("wordpress-mariadb", claims.ConfidenceHigh)},
		"release and app, all gone": {"data-wordpress-mariadb-0", labelsOf("app", "mariadb", "release", "wordpress", "component", "master"), nil,
			one("wordpress-mariadb", claims.ConfidenceHigh)},
		"a label that equals the end of the name": {"data-wordpress-mariadb-0", labelsOf("app", "mariadb"), nil,
			origin{claims.ClaimSetDeleted, "mariadb", []string{"mariadb", "wordpress-mariadb"}, claims.ConfidenceMedium}},
		"a label that equals all of it": {"data-wordpress-mariadb-0", labelsOf("app", "wordpress-mariadb"), nil,
			one("wordpress-mariadb", claims.ConfidenceHigh)},
		"release and chart": {"data-shop-postgresql-0", labelsOf("release", "shop", "chart", "postgresql-8.1.0"), nil,
			one("shop-postgresql", claims.ConfidenceHigh)},
		"instance and component": {"data-shop-primary-0", labelsOf(instance, "shop", name, "postgresql", component, "primary"), nil,
			one("shop-primary", claims.ConfidenceHigh)},
		"name and instance": {"data-mongo-shop-0", labelsOf(instance, "shop", name, "mongo"), nil, one("mongo-shop", claims.ConfidenceHigh)},
		"an instance, and more that no label has": {"data-shop-redis-replicas-0", labelsOf(instance, "shop", name, "redis", component, "replica"), nil,
			one("shop-redis-replicas", claims.ConfidenceHigh)},
		"prometheus-NAME-db": {"prometheus-" + stack + "-db-prometheus-" + stack + "-0",
			labelsOf(instance, stack, "app.kubernetes.io/managed-by", "prometheus-operator", name, "prometheus", "operator.prometheus.io/name", stack, "prometheus", stack), nil,
			one("prometheus-"+stack, claims.ConfidenceHigh)},
		"alertmanager-NAME-db": {"alertmanager-main-db-alertmanager-main-0", labelsOf("alertmanager", "main", name, "alertmanager"), nil,
			one("alertmanager-main", claims.ConfidenceHigh)},
		"a label for the set's name": {"elasticsearch-data-logs-es-default-0",
			labelsOf("common.k8s.elastic.co/type", "elasticsearch", "elasticsearch.k8s.elastic.co/cluster-name", "logs", "elasticsearch.k8s.elastic.co/statefulset-name", "logs-es-default"), nil,
			one("logs-es-default", claims.ConfidenceHigh)},
		"a template with a word for storage": {"redis-data-old-0", labelsOf("app", "old"), nil, one("old", claims.ConfidenceHigh)},
		"a template with another word":       {"redis-main-old-0", labelsOf("app", "old"), nil, origin{claims.ClaimSetDeleted, "old", []string{"main-old", "old"}, claims.ConfidenceMedium}},
		"no label names a set":               {"data-old-db-1", labelsOf("role", "x"), nil, origin{claims.ClaimSetDeleted, "old-db", []string{"db", "old-db"}, claims.ConfidenceLow}},
		"another claim of the shape, with other labels": {"data-old-1", labelsOf("app", "old"), func(p *place) {
			p.other("data-old-7", labelsOf("app", "new"))
		}, one("old", claims.ConfidenceMedium)},
		"another claim of the shape": {"data-old-1", labelsOf("app", "old"), func(p *place) {
			p.other("data-old-7", labelsOf("app", "old"))
		}, one("old", claims.ConfidenceHigh)},

		"a template that was removed": {"logs-web-1", labelsOf("app", "web"), nil, origin{claims.ClaimStaleTemplate, "web", []string{"web"}, ""}},
		"a template that was removed, of a chart's set": {"logs-shop-db-1", labelsOf(instance, "shop", name, "db"), func(p *place) {
			p.set("shop-db", "data", 1).Spec.Selector.MatchLabels = labelsOf(instance, "shop", name, "db")
			p.set("db", "data", 1)
		}, origin{claims.ClaimStaleTemplate, "shop-db", []string{"shop-db"}, ""}},
		"two living sets with the labels": {"logs-old-web-1", labelsOf("role", "front"), func(p *place) {
			p.set("old-web", "data", 1).Spec.Selector.MatchLabels = labelsOf("role", "front")
			p.web.Spec.Selector.MatchLabels = labelsOf("role", "front")
		}, origin{claims.ClaimStaleTemplate, "old-web", []string{"old-web", "web"}, ""}},
		"two living sets with the labels and the templates": {"data-old-web-5", labelsOf("role", "front"), func(p *place) {
			p.set("old-web", "data", 1).Spec.Selector.MatchLabels = labelsOf("role", "front")
			p.web.Spec.Selector.MatchLabels, p.web.Spec.VolumeClaimTemplates[0].Name = labelsOf("role", "front"), "data-old"
		}, origin{claims.ClaimOrphaned, "old-web", []string{"old-web", "web"}, ""}},
		"a living set's template, and the labels of a chart that is gone": {"data-web-db-5", labelsOf("app", "db", "release", "web"), func(p *place) {
			p.set("db", "data-web", 1)
		}, origin{claims.ClaimSetDeleted, "web-db", []string{"db", "web-db"}, claims.ConfidenceMedium}},
		"a living set's template and its labels": {"data-web-db-5", labelsOf("app", "db"), func(p *place) {
			p.set("db", "data-web", 1)
		}, origin{claims.ClaimOrphaned, "db", []string{"db"}, ""}},
		"a chart's living set beside its namesake": {"data-wordpress-mariadb-3", labelsOf("app", "mariadb", "release", "wordpress"), func(p *place) {
			p.set("wordpress-mariadb", "data", 1).Spec.Selector.MatchLabels = labelsOf("app", "mariadb", "release", "wordpress")
		}, origin{claims.ClaimOrphaned, "wordpress-mariadb", []string{"wordpress-mariadb"}, ""}},

		"a living set of the longer name that was recreated with other labels": {"data-wordpress-mariadb-1", labelsOf("app", "mariadb"), func(p *place) {
			p.set("mariadb", "data", 1)
			p.set("wordpress-mariadb", "data", 1).Spec.Selector.MatchLabels = labelsOf("tier", "backend")
		}, origin{claims.ClaimSetDeleted, "wordpress-mariadb", []string{"mariadb", "wordpress-mariadb"}, claims.ConfidenceMedium}},
		"a set that was recreated with other labels": {"data-web-mariadb-2", labelsOf("app", "mariadb", "release", "web"), func(p *place) {
			p.set("web-mariadb", "data", 1)
		}, one("web-mariadb", claims.ConfidenceHigh)},
		"more labels than the template begins with": {"wordpress-web-wordpress-0", labelsOf(name, "web", instance, "wordpress"), nil,
			one("web-wordpress", claims.ConfidenceHigh)},
		"labels that name no set, a living one and a shorter one that is gone": {"data-web-mariadb-2", labelsOf("tier", "backend"), func(p *place) {
			p.set("web-mariadb", "storage", 1).Spec.Selector.MatchLabels = labelsOf("tier", "backend")
		}, origin{claims.ClaimSetDeleted, "mariadb", []string{"mariadb", "web-mariadb"}, claims.ConfidenceMedium}},
		"two living sets without matchLabels": {"data-old-web-1", nil, func(p *place) {
			p.set("old-web", "data", 0).Spec.Selector.MatchLabels = nil
			p.web.Spec.Selector.MatchLabels, p.web.Spec.VolumeClaimTemplates[0].Name = nil, "data-old"
			p.scale(0)
		}, origin{claims.ClaimParked, "old-web", []string{"old-web", "web"}, ""}},
		"reserved by one, created by one that is gone": {"data-wordpress-mariadb-1", labelsOf("release", "wordpress", "chart", "mariadb-1.0"), func(p *place) {
			p.set("mariadb", "data-wordpress", 1).Annotations = labelsOf("x/replicas", "4")
		}, origin{claims.ClaimReserved, "mariadb", []string{"wordpress-mariadb"}, ""}},

		"a set that was recreated with other labels, and one of a longer name that is gone": {"data-wordpress-db-2", labelsOf("app", "db"), func(p *place) {
			p.set("db", "data-wordpress", 1).Spec.Selector.MatchLabels = labelsOf("app", "db", "release", "wordpress")
		}, origin{claims.ClaimSetDeleted, "db", []string{"db", "wordpress-db"}, claims.ConfidenceMedium}},

		"made by another manager": {"claim-student-1", labelsOf("app", "jupyterhub", "component", "singleuser-storage"), func(p *place) {
			p.claim.ManagedFields = madeBy("OpenAPI-Generator")
			p.other("claim-student-2", p.claim.Labels)
		}, origin{State: claims.ClaimForeign}},
		"made by another manager, and a label names a set": {"data-db-mysql-0", labelsOf("workloads.kubeblocks.io/instance", "db-mysql"), func(p *place) {
			p.claim.ManagedFields = madeBy("manager")
		}, origin{State: claims.ClaimForeign}},
		"a mark of its program, and no maker is known": {"data-db-mysql-0", labelsOf("workloads.kubeblocks.io/instance", "db-mysql", "x", "db-mysql"), func(p *place) {
			p.claim.ManagedFields = nil
		}, origin{State: claims.ClaimForeign}},
		"a mark of its program, when that had StatefulSets": {"data-db-mysql-0", labelsOf("app.kubernetes.io/managed-by", "kubeblocks", instance, "db-mysql"), nil,
			one("db-mysql", claims.ConfidenceHigh)},
		"made by another manager, with the labels of a set": {"backup-web-0", labelsOf("app", "web"), func(p *place) {
			p.claim.ManagedFields = madeBy("kustomize-controller")
		}, origin{State: claims.ClaimForeign}},
		"made by another manager, as a template and labels have it": {"data-web-5", labelsOf("app", "web"), func(p *place) {
			p.claim.ManagedFields = madeBy("kubectl-create")
		}, origin{claims.ClaimOrphaned, "web", nil, ""}},
		"recreated by undo": {"data-old-1", labelsOf("app", "old"), func(p *place) { p.claim.ManagedFields = madeBy(sts.FieldManager) },
			one("old", claims.ConfidenceHigh)},
		"recreated by undo, after another manager": {"data-old-1", labelsOf("app", "old"), func(p *place) {
			p.claim.ManagedFields = madeBy(sts.FieldManager)
			p.claim.Annotations = labelsOf(sts.MakerAnnotation, "backup")
		}, origin{State: claims.ClaimForeign}},
		"made by the controller, and applied later": {"data-old-1", labelsOf("app", "old"), func(p *place) {
			p.claim.ManagedFields = append(madeBy("kustomize-controller"), madeBy("k3s")...)
		}, one("old", claims.ConfidenceHigh)},
		"restored by Velero": {"data-old-1", labelsOf("app", "old", "velero.io/restore-name", "r1"), func(p *place) { p.claim.ManagedFields = madeBy("velero-server") },
			one("old", claims.ConfidenceMedium)},
		"no maker is known": {"data-old-1", labelsOf("app", "old"), func(p *place) { p.claim.ManagedFields = nil }, one("old", claims.ConfidenceMedium)},
	} {
		t.Run(test, func(t *testing.T) {
			p := claimPlace(tt.claim)
			p.claim.Labels = tt.labels
			p.Claims = append(p.Claims, &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: ststest.Namespace, Name: "unrelated"}})
			if tt.change != nil {
				tt.change(p)
			}
			v := claims.NewJudge(p.Inventory).Judge(p.claim)
			if diff := cmp.Diff(tt.want, origin{v.State, v.Set, v.Makers, v.Confidence}); diff != "" {
				t.Errorf("%s (-want +got):\n%s", v.Reason, diff)
			}
		})
	}
}

func (p *place) other(name string, labels map[string]string) {
	c := p.claim.DeepCopy()
	c.Name, c.Labels = name, labels
	p.Claims = append(p.Claims, c)
}

// A claim that its state makes a candidate is excluded by what is not known, and by a choice of sets.
func TestClaimsHeldBack(t *testing.T) {
	byHand := claims.MsgHeldHandMade()
	velero := func(p *place) {
		p.claim.ManagedFields = madeBy("velero-server")
		p.claim.Labels["velero.io/restore-name"] = "r1"
	}
	gone := func(p *place) {
		p.claim.Name, p.claim.Labels = "data-web-db-0", labelsOf("app", "db")
		p.Claims = append(p.Claims, p.claim)
	}
	ambiguous := claims.MsgHeldAmbiguousSelection([]string{"db", "web-db"})
	for name, test := range map[string]struct {
		change func(*place)
		choice claims.Choice
		held   string // empty for a candidate
	}{
		"an orphaned claim":      {},
		"deployments are hidden": {func(p *place) { p.hide("deployments") }, claims.Choice{}, claims.MsgHeldUsesUnknown([]string{"deployments"})},
		"some are hidden, named": {func(p *place) { p.hide("cronjobs", "volumesnapshots") }, claims.Choice{Named: true}, claims.MsgHeldUsesUnknown([]string{"cronjobs", "volumesnapshots"})},
		"services do not matter": {func(p *place) { p.hide("services") }, claims.Choice{}, ""},
		"by hand":                {func(p *place) { p.claim.ManagedFields = madeBy("kubectl-create") }, claims.Choice{}, byHand},
		"by hand, named":         {func(p *place) { p.claim.ManagedFields = madeBy("kubectl-create") }, claims.Choice{Named: true}, ""},
		"by whom is not known":   {func(p *place) { p.claim.ManagedFields = nil }, claims.Choice{}, byHand},
		"restored":               {velero, claims.Choice{}, byHand},
		"restored, named":        {velero, claims.Choice{Named: true}, ""},
		"not to be backed up":    {func(p *place) { p.claim.Labels["velero.io/exclude-from-backup"] = "true" }, claims.Choice{}, ""},
		"restored, by its label": {func(p *place) { p.claim.Labels["velero.io/restore-name"] = "r1" }, claims.Choice{}, claims.MsgHeldRestored("velero.io/restore-name")},
		"by hand, a moment ago": {func(p *place) { velero(p); p.created(20 * time.Minute) }, claims.Choice{},
			claims.MsgHeldRestore("2026-03-01 12:40 UTC")},
		"by hand, a moment ago, named": {func(p *place) { velero(p); p.created(20 * time.Minute) }, claims.Choice{Named: true}, ""},
		"by hand, an hour ago":         {func(p *place) { velero(p); p.created(time.Hour) }, claims.Choice{}, byHand},
		"by the controller, now":       {func(p *place) { p.created(0) }, claims.Choice{}, ""},
		"of the set that is named":     {nil, claims.Choice{Sets: []string{"web"}}, ""},
		"of another":                   {nil, claims.Choice{Sets: []string{"db"}}, claims.MsgHeldOtherSet("web")},
		"no set is chosen":             {nil, claims.Choice{Sets: []string{}}, claims.MsgHeldOtherSet("web")},
		"ambiguous":                    {gone, claims.Choice{DeletedSets: true}, ""},
		"ambiguous, one is named":      {gone, claims.Choice{DeletedSets: true, Sets: []string{"db"}}, ambiguous},
		"ambiguous, both named":        {gone, claims.Choice{DeletedSets: true, Sets: []string{"db", "web-db"}}, ambiguous},
		"ambiguous, itself named":      {gone, claims.Choice{DeletedSets: true, Sets: []string{}, Named: true}, ""},
		"ambiguous, orphaned": {func(p *place) {
			p.set("old-web", "data", 1).Spec.Selector.MatchLabels = labelsOf("app", "web")
			p.web.Spec.VolumeClaimTemplates[0].Name = "data-old"
			p.claim.Name = "data-old-web-5"
		}, claims.Choice{}, claims.MsgHeldAmbiguous([]string{"old-web", "web"})},
		"reserved by one, created by one that is gone": {func(p *place) {
			p.set("mariadb", "data-wordpress", 1).Annotations = labelsOf("x/replicas", "4")
			p.claim.Name, p.claim.Labels = "data-wordpress-mariadb-1", labelsOf("release", "wordpress", "chart", "mariadb-1.0")
		}, claims.Choice{Reserved: true}, claims.MsgHeldSetGone("wordpress-mariadb")},
		"an orphan whose name a set gives, of an unknown size": {func(p *place) {
			p.set("mariadb", "data-wordpress", 1).Annotations = labelsOf("downscaler/original-replicas", "many")
			p.claim.Name, p.claim.Labels = "data-wordpress-mariadb-1", labelsOf("release", "wordpress", "app", "mariadb")
		}, claims.Choice{DeletedSets: true}, claims.MsgHeldSizeUnknown("downscaler/original-replicas", "mariadb")},
		"of a set that was recreated with other labels, and annotated to be kept": {func(p *place) {
			p.set("web-mariadb", "data", 1).Annotations = labelsOf(claims.KeepAnnotation, "")
			p.claim.Name, p.claim.Labels = "data-web-mariadb-2", labelsOf("app", "mariadb", "release", "web")
		}, claims.Choice{DeletedSets: true}, claims.MsgHeldBySet("web-mariadb")},
		"one of two makers is annotated to be kept": {func(p *place) {
			p.set("mariadb", "data-wordpress", 1)
			p.set("wordpress-mariadb", "logs", 1).Annotations = labelsOf(claims.KeepAnnotation, "")
			p.claim.Name, p.claim.Labels = "data-wordpress-mariadb-2", labelsOf("app", "mariadb")
		}, claims.Choice{DeletedSets: true, Named: true}, claims.MsgHeldBySet("wordpress-mariadb")},
		"another's memory of a size that is none": {func(p *place) { p.web.Annotations = labelsOf("downscaler/original-replicas", "many") }, claims.Choice{},
			claims.MsgHeldSizeUnknown("downscaler/original-replicas", "web")},
		"another's memory of a size that is none, and does not matter": {func(p *place) { p.web.Annotations = labelsOf("downscaler/original-replicas", "many") }, claims.Choice{Reserved: true}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := claimPlace("data-web-3")
			if test.change != nil {
				test.change(p)
			}
			v := claims.NewJudge(p.Inventory).Judge(p.claim)
			if ok, held := v.Candidate(test.choice, ststest.Now); held != test.held || ok != (test.held == "") {
				t.Errorf("%s (%s): candidate %t, excluded: %q", v.State, v.Reason, ok, held)
			}
		})
	}
}

func (p *place) created(ago time.Duration) {
	p.claim.CreationTimestamp = metav1.NewTime(ststest.Now.Add(-ago))
}

// What needs a claim keeps it, whatever its state would be otherwise.
func TestClaimUses(t *testing.T) {
	use := func(by string, how sts.UseKind) sts.ClaimUse {
		return sts.ClaimUse{Namespace: ststest.Namespace, Claim: "data-web-3", By: by, How: how}
	}
	for name, test := range map[string]struct {
		uses   []sts.ClaimUse
		change func(*place)
		state  claims.State
		reason string
	}{
		"named":       {[]sts.ClaimUse{use("cronjob.batch/backup", sts.UseNames)}, nil, claims.ClaimDesired, claims.MsgClaimReferenced("cronjob.batch/backup", string(sts.UseNames), 0)},
		"by two":      {[]sts.ClaimUse{use("job.batch/b", sts.UseNames), use("deployment.apps/a", sts.UseNames)}, nil, claims.ClaimDesired, claims.MsgClaimReferenced("deployment.apps/a", string(sts.UseNames), 1)},
		"cloned":      {[]sts.ClaimUse{use("persistentvolumeclaim/copy", sts.UseClones)}, nil, claims.ClaimDesired, claims.MsgClaimReferenced("persistentvolumeclaim/copy", string(sts.UseClones), 0)},
		"snapshotted": {[]sts.ClaimUse{use("volumesnapshot.snapshot.storage.k8s.io/s", sts.UseSnapshots)}, nil, claims.ClaimDesired, claims.MsgClaimReferenced("volumesnapshot.snapshot.storage.k8s.io/s", string(sts.UseSnapshots), 0)},
		"elsewhere":   {[]sts.ClaimUse{{Namespace: "other", Claim: "data-web-3", By: "job.batch/b", How: sts.UseNames}}, nil, claims.ClaimOrphaned, beyond},
		"another":     {[]sts.ClaimUse{{Namespace: ststest.Namespace, Claim: "data-web-4", By: "job.batch/b", How: sts.UseNames}}, nil, claims.ClaimOrphaned, beyond},
		"of a parked set": {[]sts.ClaimUse{use("statefulset.apps/other", sts.UseNames)}, func(p *place) { p.scale(0) },
			claims.ClaimDesired, claims.MsgClaimReferenced("statefulset.apps/other", string(sts.UseNames), 0)},
		"foreign":       {[]sts.ClaimUse{use("job.batch/b", sts.UseNames)}, func(p *place) { p.claim.ManagedFields = madeBy("helm") }, claims.ClaimDesired, claims.MsgClaimReferenced("job.batch/b", string(sts.UseNames), 0)},
		"in range, too": {[]sts.ClaimUse{use("job.batch/b", sts.UseNames)}, func(p *place) { p.scale(4) }, claims.ClaimDesired, claims.MsgClaimNeeded("web", "ordinals 0-3")},
		"mounted, too":  {[]sts.ClaimUse{use("job.batch/b", sts.UseNames)}, func(p *place) { p.pod("b-1", "data-web-3") }, claims.ClaimInUse, claims.MsgClaimMounted([]string{"b-1"})},
		"being deleted": {[]sts.ClaimUse{use("job.batch/b", sts.UseNames)}, func(p *place) { p.claim.DeletionTimestamp = &metav1.Time{Time: ststest.Now} },
			claims.ClaimTerminating, claims.MsgClaimTerminating("0s", claims.MsgClaimReferenced("job.batch/b", string(sts.UseNames), 0))},
	} {
		t.Run(name, func(t *testing.T) {
			p := claimPlace("data-web-3")
			p.ClaimUses = test.uses
			if test.change != nil {
				test.change(p)
			}
			v := claims.NewJudge(p.Inventory).Judge(p.claim)
			if v.State != test.state || v.Reason != test.reason || v.Confidence != "" {
				t.Errorf("%s, %s, confidence %q", v.State, v.Reason, v.Confidence)
			}
			all := claims.Choice{DeletedSets: true, Parked: true, Reserved: true, Named: true}
			if ok, _ := v.Candidate(all, ststest.Now); ok && v.State != claims.ClaimOrphaned {
				t.Error("a candidate")
			}
		})
	}
}

// A size that another program keeps for a set reserves its claims.
func TestSizeMemories(t *testing.T) {
	for name, test := range map[string]struct {
		annotations map[string]string
		chosen      []string
		want        []claims.SizeMemory
	}{
		"kube-downscaler":          {labelsOf("downscaler/original-replicas", "3", "downscaler/downtime-replicas", "1"), nil, []claims.SizeMemory{{Annotation: "downscaler/downtime-replicas", Replicas: 1}, {Annotation: "downscaler/original-replicas", Replicas: 3}}},
		"oc idle":                  {labelsOf("idling.alpha.openshift.io/previous-scale", "3"), nil, []claims.SizeMemory{{Annotation: "idling.alpha.openshift.io/previous-scale", Replicas: 3}}},
		"KEDA":                     {labelsOf("autoscaling.keda.sh/paused-replicas", "2"), nil, []claims.SizeMemory{{Annotation: "autoscaling.keda.sh/paused-replicas", Replicas: 2}}},
		"a key in any case":        {labelsOf("kube-ns-suspender/originalReplicas", " 4 "), nil, []claims.SizeMemory{{Annotation: "kube-ns-suspender/originalReplicas", Replicas: 4}}},
		"JSON":                     {labelsOf("x/old-replicas", `{"spec":{"replicas":5},"n":9}`), nil, []claims.SizeMemory{{Annotation: "x/old-replicas", Replicas: 5}}},
		"JSON of a list":           {labelsOf("x/replicas", `[{"minReplicas":"2"},{"maxReplicas":"6"}]`), nil, []claims.SizeMemory{{Annotation: "x/replicas", Replicas: 6}}},
		"a very large number":      {labelsOf("x/replicas", "99999999999"), nil, []claims.SizeMemory{{Annotation: "x/replicas", Replicas: 2147483647}}},
		"another key":              {labelsOf("x/size", "5"), nil, nil},
		"another key, chosen":      {labelsOf("x/size", "5"), []string{"x/size"}, []claims.SizeMemory{{Annotation: "x/size", Replicas: 5}}},
		"chosen, and no number":    {labelsOf("x/size", "five"), []string{"x/size"}, []claims.SizeMemory{{Annotation: "x/size"}}},
		"no number, by its key":    {labelsOf("x/replicas", "auto"), nil, nil},
		"nothing":                  {labelsOf("downscaler/original-replicas", "0", "x/replicas", "-1"), nil, nil},
		"kubectl-sts' own":         {labelsOf(record.ParkedAnnotation, "5", sts.AnnotationPrefix+"replicas", "5"), nil, nil},
		"known, and empty":         {labelsOf("downscaler/original-replicas", ""), nil, []claims.SizeMemory{{Annotation: "downscaler/original-replicas"}}},
		"known, and no such thing": {labelsOf("downscaler/original-replicas", "-1"), nil, []claims.SizeMemory{{Annotation: "downscaler/original-replicas"}}},
	} {
		t.Run(name, func(t *testing.T) {
			set := ststest.Web(1).Sets[0]
			set.Annotations = test.annotations
			if diff := cmp.Diff(test.want, claims.SizeMemories(set, test.chosen)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	p := claimPlace("data-web-4")
	p.web.Annotations = labelsOf("downscaler/original-replicas", "5")
	v := claims.NewJudge(p.Inventory).Judge(p.claim)
	if v.State != claims.ClaimReserved || v.Reason != claims.MsgClaimReserved("web", "ordinals 0-4", claims.MsgReservedByAnnotation("downscaler/original-replicas", 5)) {
		t.Errorf("%s, %s", v.State, v.Reason)
	}
	p.claim.Name = "data-web-5"
	if v := claims.NewJudge(p.Inventory).Judge(p.claim); v.State != claims.ClaimOrphaned {
		t.Errorf("%s, %s", v.State, v.Reason)
	}
}
