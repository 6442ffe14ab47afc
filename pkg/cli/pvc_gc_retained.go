package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// retained is a volume with the claim that is recorded on it.
type retained = sts.RetainedVolume

// readRetained lists what is retained in the namespace, and warns of broken records.
func (g *gcRun) readRetained(ctx context.Context, client *kube.Client, namespace string) ([]retained, error) {
	volumes, err := client.Retained(ctx, namespace)
	if err != nil {
		return nil, err
	}
	var out []retained
	for _, v := range volumes {
		r, err := sts.ReadRetained(v)
		switch {
		case err != nil:
			warnTo(g.env.ErrOut, msgBrokenRecord(err, v.Name))
		case r != nil && r.Claim.Namespace == namespace: // the label is only for finding it
			out = append(out, retained{Volume: v, Record: r})
		}
	}
	slices.SortFunc(out, func(a, b retained) int {
		return cmp.Or(cmp.Compare(a.Record.Claim.Name, b.Record.Claim.Name), a.Record.DeletedAt.Compare(b.Record.DeletedAt), cmp.Compare(a.Volume.Name, b.Volume.Name))
	})
	return out, nil
}

// keptName is an argument of undo and purge: the name of a claim, of a volume, or of either.
type keptName struct{ name, kind string }

// keptNames reads data-web-3, pvc/data-web-3 as -o name writes it, and pv/pvc-0f0f.
func keptNames(args []string) ([]keptName, error) {
	var out []keptName
	for _, arg := range args {
		kind, name, ok := strings.Cut(arg, "/")
		if !ok {
			kind, name = "", arg
		}
		switch kind {
		case "":
		case "pvc", "persistentvolumeclaim", "persistentvolumeclaims":
			kind = "pvc"
		case "pv", "persistentvolume", "persistentvolumes":
			kind = "pv"
		default:
			return nil, usagef("%q must be the name of a claim (pvc/data-web-3) or of a volume (pv/NAME)", arg)
		}
		if name == "" || strings.HasPrefix(arg, "/") {
			return nil, usagef("%q has no name", arg)
		}
		out = append(out, keptName{name, kind})
	}
	return out, nil
}

func (k keptName) means(r retained) bool {
	return k.kind != "pv" && k.name == r.Record.Claim.Name || k.kind != "pvc" && k.name == r.Volume.Name
}

// pick selects those that were named, by claim or by volume, and returns the names that
// match none. Without aside, what was set aside for an older claim of the same name must
// be named by its volume.
func pick(all []retained, names []keptName, aside bool) (picked []retained, unknown []string) {
	if len(names) == 0 {
		return all, nil
	}
	means := func(k keptName, r retained) bool {
		return k.means(r) && (aside || r.Record.SetAsideFor == "" || k.name == r.Volume.Name)
	}
	for _, r := range all {
		if slices.ContainsFunc(names, func(k keptName) bool { return means(k, r) }) {
			picked = append(picked, r)
		}
	}
	for _, k := range names {
		if !slices.ContainsFunc(picked, func(r retained) bool { return means(k, r) }) {
			unknown = append(unknown, k.name)
		}
	}
	return picked, unknown
}

// retainedView names the claim and the volume for the loop.
func retainedView(r retained) operate.ClaimView {
	return operate.ClaimView{Namespace: r.Record.Claim.Namespace, Name: r.Record.Claim.Name, VolumeName: r.Volume.Name}
}

// completeRetained completes the names of claims whose data is retained.
func (c *common) completeRetained(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	client, err := c.client()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ns, err := c.namespace()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	volumes, err := client.Retained(cmd.Context(), ns)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, v := range volumes {
		if v.Spec.ClaimRef != nil {
			names = append(names, v.Spec.ClaimRef.Name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// kept lists what is retained in the namespace and was named.
func (g *gcRun) kept(ctx context.Context, args []string) (*kube.Client, []retained, []string, error) {
	names, err := keptNames(args)
	if err != nil {
		return nil, nil, nil, err
	}
	client, err := g.connect()
	if err != nil {
		return nil, nil, nil, err
	}
	ns, err := g.namespace()
	if err != nil {
		return nil, nil, nil, err
	}
	all, err := g.readRetained(ctx, client, ns)
	if err != nil {
		return nil, nil, nil, err
	}
	picked, unknown := pick(all, names, g.verb == "pvc-gc purge")
	for _, name := range unknown {
		if claims := ofSet(all, name); len(claims) > 0 {
			return nil, nil, nil, usagef("%s", msgSetInsteadOfClaim(name, claims))
		}
	}
	return client, picked, unknown, nil
}

// ofSet are the names of the claims that a set of that name may have had.
func ofSet(all []retained, name string) []string {
	var out []string
	for _, r := range all {
		claim := r.Record.Claim.Name
		if n := strings.LastIndexByte(claim, '-'); n > 0 && strings.HasSuffix(claim[:n], "-"+name) {
			out = append(out, claim)
		}
	}
	return slices.Compact(out)
}

// notKept is the error for a name of which nothing is retained.
func notKept(name string) error {
	return apierrors.NewNotFound(corev1.Resource("retained persistentvolumes of claim"), name)
}

// refuseAmbiguous refuses the name of a claim whose data is on several volumes.
func (g *gcRun) refuseAmbiguous(ns string, picked []retained) error {
	if g.verb != "pvc-gc purge" {
		picked = slices.DeleteFunc(slices.Clone(picked), func(r retained) bool { return r.Record.SetAsideFor != "" })
	}
	twice := ambiguous(picked)
	if twice == "" || g.onlyLists {
		return nil
	}
	var volumes []string
	for _, r := range picked {
		if r.Record.Claim.Name == twice {
			volumes = append(volumes, msgVolumeOfDeletion(sts.Kubectl(ns, "sts", g.verb, r.Volume.Name), r.Record.DeletedAt.UTC().Format("2006-01-02 15:04:05 MST")))
		}
	}
	message, hint := msgDeletedTwice(twice, volumes)
	return g.refuse(operate.ReasonClaimExists, message, hint)
}

// nothingKept ends a command that has nothing to do; others is how many were not selected.
func (g *gcRun) nothingKept(ctx context.Context, client *kube.Client, ns string, others int) error {
	if g.out.human() {
		text := msgRetainedNotFound(ns)
		if others > 0 {
			text = msgNothingToDo()
		}
		_, err := fmt.Fprintln(g.env.Out, text)
		return err
	}
	return g.carryOut(ctx, &kube.Claims{Client: client}, nil, []GCItem{}, client.Now(), nil)
}

// ambiguous is a claim whose data is on several volumes.
func ambiguous(picked []retained) string {
	for i := 1; i < len(picked); i++ {
		if picked[i].Record.Claim.Name == picked[i-1].Record.Claim.Name {
			return picked[i].Record.Claim.Name
		}
	}
	return ""
}
