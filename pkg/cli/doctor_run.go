package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-sts/kubectl-sts/pkg/doctor"
	"github.com/kubectl-sts/kubectl-sts/pkg/manifest"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
)

// Formats of doctor for other tools.
const (
	sarif = "sarif"
	junit = "junit"
)

// runDoctor examines manifests or a cluster, prints what was found, and fails as --fail-on says.
func runDoctor(ctx context.Context, c *common, o doctorOptions, out *output) error {
	r, err := c.examine(ctx, o)
	if err != nil {
		return err
	}
	if err := c.printDoctor(r, o, out); err != nil {
		return err
	}
	return o.verdict(r)
}

func (c *common) examine(ctx context.Context, o doctorOptions) (*doctor.Report, error) {
	if o.manifests.given() {
		return c.examineManifests(ctx, o)
	}
	client, err := c.client()
	if err != nil {
		return nil, err
	}
	in, err := client.ReadDoctor(ctx, o.query, o.domain)
	if err != nil {
		return nil, err
	}
	if len(in.Sets) == 0 {
		if err := c.sayNone(ctx, client, "StatefulSets", o.query.Namespace, true); err != nil {
			return nil, err
		}
	}
	return doctor.Examine(in, o.ignore, nil), nil
}

func (c *common) examineManifests(ctx context.Context, o doctorOptions) (*doctor.Report, error) {
	objects, problems, err := o.manifests.read(ctx, c.env)
	if err != nil {
		return nil, err
	}
	home, err := c.home(objects, o.query.Namespace)
	if err != nil {
		return nil, err
	}
	place := doctor.Placement{Namespace: home, Given: *c.config.Namespace != ""}
	if err := requireObjects(objects, problems, &o.manifests, place); err != nil {
		return nil, err
	}
	examined, err := o.pick(objects, problems, place)
	if err != nil {
		return nil, err
	}
	r, err := doctor.ExamineManifests(objects, place, manifestDomain(o.domain), c.env.Clock.Now(), examined, o.ignore)
	if err != nil {
		return nil, err
	}
	if len(r.Items)+len(r.Files)+len(problems) == 0 {
		if examined != nil {
			return nil, errors.New(msgNoneSelected(o.query.Selector, o.manifests.name()))
		}
		c.env.note(msgNoSetsInManifests())
	}
	r.Files = append(problems, r.Files...)
	return r, nil
}

// requireObjects fails where there is nothing to examine: a pipeline must not succeed because helm has failed, or
// in the wrong namespace.
func requireObjects(objects []manifest.Object, problems []manifest.FileProblem, source *manifestSource, place doctor.Placement) error {
	if len(objects) == 0 && len(problems) == 0 {
		return errors.New(msgNoObjects(source.name()))
	}
	elsewhere := ""
	for i := range objects {
		if o := &objects[i]; o.IsStatefulSet() {
			if place.Includes(o.Metadata.Namespace) {
				return nil
			}
			elsewhere = cmp.Or(elsewhere, o.Metadata.Namespace)
		}
	}
	if elsewhere != "" && len(problems) == 0 {
		return errors.New(msgNoObjectsInNamespace(place.Namespace, source.name(), elsewhere))
	}
	return nil
}

// pick selects the sets by name or selector, nil for all. A set may be in a file that cannot be read.
func (o doctorOptions) pick(objects []manifest.Object, problems []manifest.FileProblem, place doctor.Placement) (doctor.Examined, error) {
	selector, err := labels.Parse(o.query.Selector)
	if err != nil {
		return nil, usagef("--selector: %s", err)
	}
	for _, name := range o.query.Names {
		if len(problems) == 0 && !slices.ContainsFunc(objects, func(object manifest.Object) bool {
			return object.IsStatefulSet() && object.Metadata.Name == name && place.Includes(object.Metadata.Namespace)
		}) {
			return nil, usagef("StatefulSet %s not found in the manifests", name)
		}
	}
	if selector.Empty() && len(o.query.Names) == 0 {
		return nil, nil
	}
	return func(s *appsv1.StatefulSet) bool {
		return selector.Matches(labels.Set(s.Labels)) && (len(o.query.Names) == 0 || slices.Contains(o.query.Names, s.Name))
	}, nil
}

func (c *common) printDoctor(r *doctor.Report, o doctorOptions, out *output) error {
	if !out.human() {
		var objects []string
		seen := map[string]bool{}
		for _, f := range r.Findings {
			if !f.Ignored && !seen[f.Object] {
				seen[f.Object] = true
				objects = append(objects, render.OneLine(f.Object))
			}
		}
		names := *out
		names.resource = "" // the objects have different kinds
		return names.print(c.env.Out, r, objects)
	}
	for i := range r.Findings {
		r.Findings[i].Hint = c.hint(r.Findings[i].Hint)
	}
	c.makeRelative(r)
	switch out.format() {
	case sarif:
		return render.DoctorSARIF(exactly(c.env.Out), r, version)
	case junit:
		return render.DoctorJUnit(exactly(c.env.Out), r, o.manifests.given(), o.fails)
	case github:
		return render.DoctorAnnotations(exactly(c.env.Out), r)
	}
	return render.Doctor(c.env.Out, r, c.env.style(), render.Columns{Namespace: o.all || r.SeveralNamespaces()})
}

// makeRelative makes the files of the report relative to the current directory where they are below it, with slashes:
// code scanners and annotations find them by that.
func (c *common) makeRelative(r *doctor.Report) {
	current, err := os.Getwd()
	if err == nil {
		current, err = filepath.EvalSymlinks(current)
	}
	relative := func(file *string) {
		if resolved, failed := filepath.EvalSymlinks(*file); err == nil && failed == nil && filepath.IsAbs(*file) {
			if path, err := filepath.Rel(current, resolved); err == nil && filepath.IsLocal(path) {
				*file = path
			}
		}
		*file = filepath.ToSlash(*file)
	}
	for i := range r.Findings {
		relative(&r.Findings[i].File)
	}
	for i := range r.Files {
		relative(&r.Files[i].File)
	}
}

// fails: the finding makes the command fail.
func (o doctorOptions) fails(f *doctor.DoctorFinding) bool {
	level, fails := failLevels[o.failOn]
	return fails && !f.Ignored && f.Severity.AtLeast(level)
}

// verdict is the error for --fail-on, or for manifests that could not be read.
func (o doctorOptions) verdict(r *doctor.Report) error {
	if len(r.Files) > 0 {
		return fmt.Errorf("%s", msgFilesUnread(len(r.Files), r.Files[0].File, render.OneLine(r.Files[0].Message)))
	}
	var found []*doctor.DoctorFinding
	for i := range r.Findings {
		if o.fails(&r.Findings[i]) {
			found = append(found, &r.Findings[i])
		}
	}
	if len(found) == 0 {
		return nil
	}
	return &notYetError{msgDoctorFound(len(found), render.OneLine(found[0].Object), string(found[0].Code))}
}

// showChecks prints the list of checks, or explains one.
func (c *common) showChecks(out *output, explain string) error {
	if slices.Contains([]string{sarif, junit, github}, out.format()) {
		return usagef("--list and --explain have no output format %q", out.format())
	}
	checks := doctor.Checks()
	if explain != "" {
		codes, err := doctor.ParseCodes([]string{explain})
		if err != nil {
			return usagef("--explain: %s; %s doctor --list shows all", err, c.root.CommandPath())
		}
		checks = []*doctor.Check{doctor.Find(string(codes[0]))}
	}
	if !out.human() {
		r := doctor.NewCheckList(checks)
		var codes []string
		for _, check := range checks {
			codes = append(codes, string(check.Code))
		}
		text := *out
		text.resource = ""
		return text.print(c.env.Out, r, codes)
	}
	if explain != "" {
		return render.ExplainCheck(c.env.Out, checks[0], c.env.style())
	}
	return render.CheckList(c.env.Out, checks, c.env.style())
}
