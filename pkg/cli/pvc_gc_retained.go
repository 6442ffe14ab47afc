package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
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

// retainedView names the claim and the volume for the loop.
func retainedView(r retained) claims.View {
	return claims.View{Namespace: r.Record.Claim.Namespace, Name: r.Record.Claim.Name, VolumeName: r.Volume.Name}
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

// refuseAmbiguous refuses the name of a claim whose data is on several volumes.
func (g *gcRun) refuseAmbiguous(ns string, picked []retained) error {
	if g.verb != "pvc-gc purge" {
		picked = slices.DeleteFunc(slices.Clone(picked), func(r retained) bool { return r.Record.SetAsideFor != "" })
	}
	twice := ambiguous(picked)
	if twice == "" || g.onlyLists {
		return nil
	}
	var volumes []sts.Hint
	for _, r := range picked {
		if r.Record.Claim.Name == twice {
			volumes = append(volumes, msgVolumeOfDeletion(sts.Kubectl(ns, "sts "+g.verb, r.Volume.Name), r.Record.DeletedAt.UTC().Format("2006-01-02 15:04:05 MST")))
		}
	}
	message, hint := msgDeletedTwice(twice, volumes)
	return refused(claims.ReasonClaimExists, message, hint)
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
