package doctor

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// codeRefused is the check whose fields other checks leave alone.
const codeRefused = "Refused"

// apiChecks are about what the API server rejects.
func apiChecks() []*Check {
	return []*Check{
		{
			Code: codeRefused, Severity: sts.SeverityError, Looks: Manifests,
			Title: "The API server rejects the object",
			Explain: "A value is required, invalid or contradicts another one, so kubectl apply fails. The check knows the " +
				"validation that people run into, of StatefulSets and of what belongs to them: Services, PodDisruptionBudgets, " +
				"HorizontalPodAutoscalers, PersistentVolumeClaims, StorageClasses, ConfigMaps and Deployments. Admission webhooks and " +
				"policies can reject more.",
			Remedy: "Change the field that the message names.",
			RunAll: refused,
		},
		{
			Code: names.UnknownField, Severity: sts.SeverityError, Looks: Manifests,
			Title: "A field does not exist, or is set twice",
			Explain: "kubectl apply rejects a field that the API does not have, and without strict field validation it is dropped " +
				"silently: a misspelled volumeClaimTemplates leaves a database without a volume. Names of fields are case-sensitive. " +
				"A field without a similar name may belong to a newer Kubernetes: that is a warning, and so is a field that is set twice, " +
				"of which the last value applies.",
			Remedy: "Correct the name of the field.",
			RunAll: unknownFields,
		},
		{
			Code: "APIVersionRemoved", Severity: sts.SeverityError, Looks: Manifests,
			Title: "No supported Kubernetes serves this apiVersion",
			Explain: "kubectl apply fails on a removed apiVersion. Warning for objects other than StatefulSets: helm template chooses the " +
				"apiVersion of some of them by the cluster that it assumes.",
			Remedy: "Set the apiVersion that is served. With helm template, name what the cluster serves: --api-versions policy/v1/PodDisruptionBudget.",
			RunAll: removedVersions,
		},
	}
}

func refused(in *Input) []DoctorFinding {
	var out []DoctorFinding
	dropped := map[metav1.Object][]string{} // fields that are missing only because of their types
	for _, d := range in.Documents {
		if d.Problem != "" {
			out = append(out, on(d.Object, d.Kind, sts.SeverityError, "", d.Problem, nil))
		}
		for _, p := range d.Types {
			out = append(out, on(d.Object, d.Kind, sts.SeverityError, p.Path, p.String(), nil))
			if p.Dropped {
				dropped[d.Object] = append(dropped[d.Object], p.Path)
			}
		}
	}
	object := func(object metav1.Object, kind string) {
		for _, o := range in.objections(object) {
			if !slices.ContainsFunc(dropped[object], func(path string) bool { return related(path, o.Field) }) {
				out = append(out, on(object, kind, sts.SeverityError, o.Field, o.String(), nil))
			}
		}
	}
	for _, set := range in.Sets {
		object(set, "StatefulSet")
	}
	for _, d := range in.Documents {
		// The rules of removed versions were others. Of an object that is not decoded nothing is known.
		if _, old := removed[d.Kind][d.APIVersion]; !old && d.Kind != "StatefulSet" {
			object(d.Object, d.Kind)
		}
	}
	return out
}

// refused: Refused reports the field, or one in it.
func (l *Look) refused(field string) bool {
	return l.Offline && slices.ContainsFunc(l.objections(l.Set), func(o sts.Objection) bool {
		return o.Field == field || strings.HasPrefix(o.Field, field+".")
	})
}

// related says whether a field is another one, or one of them is within the other.
func related(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	rest, within := strings.CutPrefix(b, a)
	return within && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

func unknownFields(in *Input) []DoctorFinding {
	var out []DoctorFinding
	for _, p := range in.Problems {
		severity, message, hint := sts.SeverityWarning, msgUnknownField(p.Path), sts.Hint(nil)
		switch {
		case p.Twice:
			message, hint = msgDuplicateField(p.Path), hintDuplicateField()
		case p.Nearest != "":
			severity, message = sts.SeverityError, msgMisspelledField(p.Path, p.Nearest)
		}
		out = append(out, on(p.Object, in.document(p.Object).Kind, severity, p.Path, message, hint))
	}
	return out
}

// removed are the apiVersions that no supported Kubernetes serves, and what replaced them:
// https://kubernetes.io/docs/reference/using-api/deprecation-guide/.
var removed = map[string]map[string]string{
	"StatefulSet":             {"apps/v1beta1": "apps/v1", "apps/v1beta2": "apps/v1"},
	"Deployment":              {"apps/v1beta1": "apps/v1", "apps/v1beta2": "apps/v1", "extensions/v1beta1": "apps/v1"},
	"DaemonSet":               {"apps/v1beta2": "apps/v1", "extensions/v1beta1": "apps/v1"},
	"ReplicaSet":              {"apps/v1beta2": "apps/v1", "extensions/v1beta1": "apps/v1"},
	"PodDisruptionBudget":     {"policy/v1beta1": "policy/v1"},
	"HorizontalPodAutoscaler": {"autoscaling/v2beta1": "autoscaling/v2", "autoscaling/v2beta2": "autoscaling/v2"},
	"EndpointSlice":           {"discovery.k8s.io/v1beta1": "discovery.k8s.io/v1"},
	"CronJob":                 {"batch/v1beta1": "batch/v1"},
	"Ingress":                 {"extensions/v1beta1": "networking.k8s.io/v1", "networking.k8s.io/v1beta1": "networking.k8s.io/v1"},
	"NetworkPolicy":           {"extensions/v1beta1": "networking.k8s.io/v1"},
	"StorageClass":            {"storage.k8s.io/v1beta1": "storage.k8s.io/v1"},
	"VolumeAttachment":        {"storage.k8s.io/v1beta1": "storage.k8s.io/v1"},
	"PriorityClass":           {"scheduling.k8s.io/v1beta1": "scheduling.k8s.io/v1"},
}

func removedVersions(in *Input) []DoctorFinding {
	var out []DoctorFinding
	for _, d := range in.Documents {
		now, ok := removed[d.Kind][d.APIVersion]
		if !ok {
			continue
		}
		severity := sts.SeverityWarning
		if d.Kind == "StatefulSet" {
			severity = sts.SeverityError
		}
		f := on(d.Object, d.Kind, severity, "apiVersion", msgVersionRemoved(d.APIVersion, now), nil)
		f.Patch = patchAt("apiVersion", now)
		out = append(out, f)
	}
	return out
}
