package operate

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"

	"github.com/distribution/reference"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

const (
	// defaultContainerAnnotation names the pod's main container (kubectl's podcmd).
	defaultContainerAnnotation = "kubectl.kubernetes.io/default-container"
	// restartedAtAnnotation is what `kubectl rollout restart` writes in a template.
	restartedAtAnnotation = "kubectl.kubernetes.io/restartedAt"
)

// ImageRequest asks for an image in a container; with no container named, in the
// set's only or default one.
type ImageRequest struct {
	Container, Image string
}

// checkImage reads an image as the kubelet does.
func checkImage(image string) error {
	if _, err := reference.ParseNormalizedNamed(image); err != nil {
		return errors.New(msgNotAnImage(image, err.Error()))
	}
	return nil
}

// imageField is the image of a container in a pod template.
var imageField = regexp.MustCompile(`^spec\.(initContainers|containers)\[[^\]]*\]\.image$`)

// CheckImages checks the images that a pod template gets.
func CheckImages(changes []sts.Change) error {
	for _, c := range changes {
		if c.To == "" || !imageField.MatchString(c.Path) {
			continue
		}
		if err := checkImage(c.To); err != nil {
			return err
		}
	}
	return nil
}

// ParseImage reads "[container=]image". What no kubelet can read as an image is an error: its pod would wait with
// InvalidImageName.
func ParseImage(s string) (ImageRequest, error) {
	container, image, named := strings.Cut(s, "=")
	if !named {
		container, image = "", s
	}
	if image == "" || named && container == "" || strings.ContainsAny(s, " \t\n") {
		return ImageRequest{}, errors.New(msgInvalidImage(s))
	}
	if err := checkImage(image); err != nil {
		return ImageRequest{}, err
	}
	return ImageRequest{container, image}, nil
}

// edit is a change of the pod template: of single fields, or of the whole.
type edit struct {
	images  []imageEdit
	restart string
	whole   json.RawMessage
	changes []sts.Change // that the whole brings
}

type imageEdit struct {
	at containerRef
	to string
}

// edit resolves the request against the set's template: nil when nothing would differ. A
// whole template or a patch replaces the template; images and a restart alone change just
// their fields. c is the canary in progress, if any.
func (i startCanary) edit(s *sts.Snapshot, c *record.Canary) (*edit, *Decision) {
	images, d := i.imageEdits(s)
	if d != nil {
		return nil, d
	}
	e := &edit{images: images, restart: i.RestartAt}
	if c != nil && i.restarted(s, c) {
		e.restart = "" // by this very command, before it was killed
	}
	if len(i.Patch) > 0 || len(i.Template) > 0 {
		if d := i.wholeEdit(s, e); d != nil {
			return nil, d
		}
	}
	if len(e.images) == 0 && e.restart == "" && e.whole == nil {
		return nil, nil
	}
	return e, nil
}

// restarted says whether the canary in progress is a restart, and the request is the same.
func (i startCanary) restarted(s *sts.Snapshot, c *record.Canary) bool {
	stable, err := sts.ParseTemplate(c.StableTemplate)
	return err == nil && c.GoalOf == i.Command &&
		s.Set.Spec.Template.Annotations[restartedAtAnnotation] != stable.Annotations[restartedAtAnnotation]
}

func badRequest(message string, hint sts.Hint) *Decision {
	d := decide(Refused, ReasonBadRequest, message, hint)
	return &d
}

// wholeEdit builds the new template from the one that the server wrote into the set's
// revision, so that fields which this program does not know are kept.
func (i startCanary) wholeEdit(s *sts.Snapshot, e *edit) *Decision {
	revision := s.Revision(s.Set.Status.UpdateRevision)
	if revision == nil {
		d := waitForRevision(s.Set.Status.UpdateRevision)
		return &d
	}
	before, err := sts.RevisionTemplate(revision)
	if err != nil {
		return badRequest(err.Error(), nil)
	}
	return i.editWhole(before, e)
}

// editWhole puts the whole template that results from this one into the edit.
func (i startCanary) editWhole(before json.RawMessage, e *edit) *Decision {
	after := before
	var err error
	if len(i.Template) > 0 {
		after = i.Template
	}
	if len(i.Patch) > 0 {
		after, err = strategicpatch.StrategicMergePatch(after, i.Patch, corev1.PodTemplateSpec{})
		if err != nil {
			return badRequest(msgPatchInvalid(err), nil)
		}
	}
	var old, fresh map[string]any
	if err := json.Unmarshal(before, &old); err != nil {
		return badRequest(fmt.Sprintf("read the current pod template: %s", err), nil)
	}
	if err := json.Unmarshal(after, &fresh); err != nil {
		return badRequest(msgTemplateInvalid(err.Error()), nil)
	}
	for _, edit := range e.images {
		setImage(fresh, edit)
	}
	if e.restart != "" {
		setRestart(fresh, e.restart)
	}
	e.images, e.restart = nil, ""
	if reflect.DeepEqual(old, fresh) {
		return nil
	}
	if e.whole, err = json.Marshal(fresh); err != nil {
		return badRequest(msgTemplateInvalid(err.Error()), nil)
	}
	if e.changes, err = sts.Changes(before, e.whole); err != nil {
		return badRequest(err.Error(), nil)
	}
	if err := CheckImages(e.changes); err != nil {
		return badRequest(err.Error(), nil)
	}
	if err := newMistake(before, e.whole); err != nil {
		_, reason, _ := strings.Cut(err.Error(), "json: ") // without the decoders' own prefix
		return badRequest(msgTemplateInvalid(cmp.Or(reason, err.Error())), nil)
	}
	return nil
}

// NewTemplate is the pod template that the set would get, without the API server's defaults:
// for a preview.
func (o StartOptions) NewTemplate(s *sts.Snapshot) (*corev1.PodTemplateSpec, *Decision) {
	i := startCanary(o)
	images, d := i.imageEdits(s)
	if d != nil {
		return nil, d
	}
	before, err := json.Marshal(s.Set.Spec.Template)
	if err != nil {
		return nil, badRequest(err.Error(), nil)
	}
	e := &edit{images: images, restart: i.RestartAt}
	if d := i.editWhole(before, e); d != nil {
		return nil, d
	}
	if e.whole == nil {
		return &s.Set.Spec.Template, nil
	}
	t, err := sts.ParseTemplate(e.whole)
	if err != nil {
		return nil, badRequest(err.Error(), nil)
	}
	return t, nil
}

// newMistake looks for fields that a pod template does not have. Those that the template had
// before belong to a newer server and are no mistake.
func newMistake(before, after json.RawMessage) error {
	problems, err := sts.DecodeObject(after, &corev1.PodTemplateSpec{})
	if err != nil || len(problems) == 0 {
		return err
	}
	had, err := sts.DecodeObject(before, &corev1.PodTemplateSpec{})
	if err != nil {
		return err
	}
	for _, p := range problems {
		if !slices.Contains(had, p) {
			return errors.New(p.String())
		}
	}
	return nil
}

func setImage(template map[string]any, edit imageEdit) {
	spec, _ := template["spec"].(map[string]any)
	for _, list := range []string{"containers", "initContainers"} {
		items, _ := spec[list].([]any)
		for _, item := range items {
			if c, ok := item.(map[string]any); ok && c["name"] == edit.at.name {
				c["image"] = edit.to
			}
		}
	}
}

func setRestart(template map[string]any, at string) {
	meta, _ := template["metadata"].(map[string]any)
	if meta == nil {
		meta = map[string]any{}
		template["metadata"] = meta
	}
	annotations, _ := meta["annotations"].(map[string]any)
	if annotations == nil {
		annotations = map[string]any{}
		meta["annotations"] = annotations
	}
	annotations[restartedAtAnnotation] = at
}

// apply puts the edit into a patch.
func (e *edit) apply(b *patch) *patch {
	for _, i := range e.images {
		b = b.image(i.at, i.to)
	}
	if e.restart != "" {
		b = b.templateAnnotation(restartedAtAnnotation, e.restart)
	}
	if e.whole != nil {
		b = b.newTemplate(e.whole)
	}
	return b
}

func (e *edit) what() string {
	var parts []string
	for _, i := range e.images {
		parts = append(parts, msgImageChange(i.at.name, i.at.image, i.to))
	}
	if e.restart != "" {
		parts = append(parts, msgRestartChange(e.restart))
	}
	if e.whole != nil {
		parts = append(parts, sts.SayChanges(e.changes))
	}
	return strings.Join(parts, ", ")
}

// imageEdits resolves the image requests against the template, and leaves out those that
// change nothing.
func (i startCanary) imageEdits(s *sts.Snapshot) ([]imageEdit, *Decision) {
	all := containers(s.Set)
	names := make([]string, len(all))
	for k, c := range all {
		names[k] = c.name
	}
	var out []imageEdit
	seen := map[string]bool{}
	for _, req := range i.Images {
		name := req.Container
		if name == "" {
			name = s.Set.Spec.Template.Annotations[defaultContainerAnnotation]
		}
		if name == "" && len(s.Set.Spec.Template.Spec.Containers) == 1 {
			name = all[0].name
		}
		if name == "" {
			return nil, badRequest(msgContainerRequired(s.Set.Name, req.Image, names))
		}
		var at *containerRef
		for k := range all {
			if all[k].name == name {
				at = &all[k]
			}
		}
		if at == nil {
			return nil, badRequest(msgContainerNotFound(s.Set.Name, name, names))
		}
		if seen[name] {
			return nil, badRequest(msgContainerTwice(name), nil)
		}
		seen[name] = true
		if at.image != req.Image {
			out = append(out, imageEdit{*at, req.Image})
		}
	}
	return out, nil
}

// templateAnnotation sets one annotation in the pod template.
func (b *patch) templateAnnotation(key, value string) *patch {
	const path = "/spec/template/metadata/annotations"
	have, exists := b.set.Spec.Template.Annotations[key]
	at := path + "/" + EscapePointer(key)
	switch {
	case len(b.set.Spec.Template.Annotations) == 0:
		b.spec = append(b.spec, Op("test", path, nil), Op("add", path, map[string]string{key: value}))
	case exists:
		b.spec = append(b.spec, Op("test", at, have), Op("replace", at, value))
	default:
		b.spec = append(b.spec, Op("test", at, nil), Op("add", at, value))
	}
	t := b.becomes()
	t.Annotations = maps.Clone(t.Annotations)
	if t.Annotations == nil {
		t.Annotations = map[string]string{}
	}
	t.Annotations[key] = value
	return b
}

// newTemplate replaces the whole pod template; the test of metadata.generation
// ensures that it is still the one that the new one is based on.
func (b *patch) newTemplate(raw json.RawMessage) *patch {
	b.p.TemplateReplaced = true
	b.spec = append(b.spec, PatchOp{Op: "replace", Path: "/spec/template", Value: raw})
	if t, err := sts.ParseTemplate(raw); err == nil {
		b.p.template = t
	}
	return b
}
