package cli

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// runClaims reads the claims and prints them, or deletes the candidates.
func runClaims(ctx context.Context, c *common, o gcOptions, out *output, g *gcRun) error {
	connect := c.client
	if g != nil {
		connect = g.connect
	}
	client, err := connect()
	if err != nil {
		return err
	}
	progress := newListing(c.env)
	inv, err := client.ReadClaims(ctx, o.namespace, o.claims.Reserve, progress.seen)
	progress.screen.done()
	if err != nil {
		return err
	}
	report, unknown := claims.NewReport(inv, o.claims)
	if len(unknown) > 0 {
		return apierrors.NewNotFound(appsv1.Resource("statefulsets"), unknown[0])
	}
	if absent := o.claims.Absent(inv); len(absent) > 0 {
		return apierrors.NewNotFound(corev1.Resource("persistentvolumeclaims"), absent[0])
	}
	if err := sortItems(out, report.Items); err != nil {
		return err
	}
	if g != nil {
		return g.deleteClaims(ctx, client, inv, report, o)
	}
	if len(report.Items) == 0 {
		if err := c.sayNone(ctx, client, "PersistentVolumeClaims", o.namespace, o.exitCode); err != nil {
			return err
		}
	}
	if !out.human() {
		err = out.print(c.env.Out, report, candidates(report))
	} else {
		render.Missing(c.env.ErrOut, report.Missing)
		columns := out.tableColumns(o.namespace == "")
		if len(report.Items) > 0 {
			err = render.ClaimTable(c.env.Out, report, inv.TakenAt, c.env.style(), columns)
		}
		c.sayRetained(report.Retained, columns)
		c.sayRescue(report)
	}
	if err == nil && o.exitCode && report.Total.Candidates > 0 {
		return &notYetError{msgCandidatesFound(report.Total.Candidates)}
	}
	return err
}

// sayRetained ends the list with what is retained of deleted claims.
func (c *common) sayRetained(r *claims.RetainedSum, columns render.Columns) {
	if r == nil {
		return
	}
	style := c.env.style()
	text := render.RetainedNotes(r.Notable, style, columns) + render.RetainedSum(r, style, columns)
	switch {
	case text == "":
		return
	case len(r.Namespaces) > 0:
		text += render.Hint(c.hint(undoIn(r.Namespaces)), style)
	}
	_, _ = fmt.Fprint(c.env.Out, "\n"+text)
}

// sayRescue ends the list with the command that keeps the data of claims that are being deleted.
func (c *common) sayRescue(r *claims.ClaimReport) {
	namespace, names := "", []string{}
	for i := range r.Items {
		if item := &r.Items[i]; item.Risk != nil && item.Risk.Rescuable && (namespace == "" || item.Namespace == namespace) {
			namespace, names = item.Namespace, append(names, item.Name)
		}
	}
	if len(names) == 0 {
		return
	}
	if len(names) > mostNamed {
		names = []string{"--all"}
	}
	_, _ = fmt.Fprint(c.env.Out, render.Hint(c.hint(hintRescueFirst(sts.Kubectl(namespace, "sts pvc-gc rescue", names...))), c.env.style()))
}

// undoIn lists what can be restored in these namespaces.
func undoIn(namespaces []string) sts.Hint {
	named := namespaces[:min(len(namespaces), 1+mostNamed)]
	return hintUndoIn(named, len(namespaces)-len(named), sts.Kubectl(namespaces[0], "sts pvc-gc undo"))
}

func candidates(r *claims.ClaimReport) []string {
	var names []string
	for i := range r.Items {
		if r.Items[i].Candidate {
			names = append(names, r.Items[i].Name)
		}
	}
	return names
}
