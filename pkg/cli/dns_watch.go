package cli

import (
	"context"
	"errors"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/loop"
	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/names/nameloop"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// dnsWatch shows what --wait waits for, and with --watch what changes.
type dnsWatch struct {
	*common
	options dnsOptions
	out     *output
	screen  *screen

	begun    bool   // the first report has been shown
	told     string // the last progress, without ages
	nextTell time.Time
}

// watchDNS runs until the name of every ordinal in range resolves correctly (--wait), or until it is
// stopped.
func watchDNS(ctx context.Context, c *common, client *kube.Client, server nameServer, o dnsOptions, out *output) error {
	w := &dnsWatch{common: c, options: o, out: out, screen: newScreen(c.env)}
	defer w.screen.done()
	world := nameloop.World{Server: server, Clock: c.env.Clock, Now: client.Now, Open: func(ctx context.Context) (nameloop.View, error) {
		return client.OpenNames(ctx, o.query, w.screen.tell())
	}}
	watch := names.NewWatch(o.names.Ordinals)
	end, err := nameloop.Run(ctx, world, watch, nameloop.Options{Names: o.names, Wait: o.wait}, w)
	return w.ended(watch, end, err)
}

// ended is the error of the command after the loop.
func (w *dnsWatch) ended(watch *names.Watch, end operate.Decision, err error) error {
	switch timeout := (*loop.TimeoutError)(nil); {
	case errors.As(err, &timeout) && !w.options.wait:
		return nil // the requested duration of --watch
	case errors.As(err, &timeout) && watch.Report != nil: // the last state
		if err := showDNS(w.common, w.options, w.out, watch.Report); err != nil {
			return err
		}
		return err
	case err == nil && end.Verdict == operate.Stuck:
		return &outcomeError{Decision: end}
	case err == nil && end.Verdict == operate.Done:
		return w.options.verdict(watch.Report)
	}
	return err
}

// Looked implements [nameloop.Observer].
func (w *dnsWatch) Looked(watch *names.Watch, resolved bool) error {
	first := !w.begun
	w.begun = true
	if resolved && !w.options.watch || first && w.options.watch {
		if err := showDNS(w.common, w.options, w.out, watch.Report); err != nil {
			return err
		}
	}
	if !w.options.watch {
		if !resolved {
			w.tellProgress("waiting " + watch.WaitingFor())
		}
		return nil
	}
	switch changes := watch.Changes(); {
	case first || len(changes) == 0:
		return nil
	case w.out.format() == "" || w.out.isWide():
		return render.DNSChanges(w.env.Out, changes)
	}
	return showDNS(w.common, w.options, w.out, watch.Report)
}

// Failed implements [nameloop.Observer].
func (w *dnsWatch) Failed(err error) {
	w.screen.warn(msgDNSRetrying(err.Error()))
	if hinted := (*sts.HintedError)(nil); errors.As(err, &hinted) {
		w.screen.say(render.Hint(w.hint(hinted.Hint), w.screen.style))
	}
}

// Recovered implements [nameloop.Observer].
func (w *dnsWatch) Recovered() { w.screen.line(msgDNSServerBack()) }

// tellEvery limits the lines of progress while many pods change.
const tellEvery = 2 * time.Second

// tellProgress writes to standard error what --wait is waiting for.
func (w *dnsWatch) tellProgress(text string) {
	now := w.env.Clock.Now()
	if told := render.Ageless(text); told != w.told && !now.Before(w.nextTell) {
		w.told, w.nextTell = told, now.Add(tellEvery)
		w.screen.say(w.screen.style.Wrap("", 0, render.Plain, text))
		return
	}
	w.screen.over(text)
}
