package kube

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
)

func TestAnExecErrorLeavesTheCommandOut(t *testing.T) {
	inner := errors.New(`Internal error occurred: error sending request: Post "https://10.0.0.1:10250/exec/db/etcd-0/etcd?command=etcdctl&command=member&error=1": dial tcp 10.0.0.1:10250: connect: connection refused`)
	err := &execError{pod: "etcd-0", err: inner}
	want := `exec in pod etcd-0: Internal error occurred: error sending request: Post "https://10.0.0.1:10250/exec/db/etcd-0/etcd": dial tcp 10.0.0.1:10250: connect: connection refused`
	if got := err.Error(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if !errors.Is(err, inner) {
		t.Error("the server's error is lost")
	}
}

// A command whose connection broke may have run; one that the server rejected has not.
func TestABrokenExecIsTransient(t *testing.T) {
	for _, test := range []struct {
		err  error
		want bool
	}{
		{fmt.Errorf("read: %w", io.ErrUnexpectedEOF), true},
		{answered(t, forbidden), false},
		{errors.New("container not found"), false},
	} {
		if got := errors.Is(&execError{pod: "etcd-0", err: test.err}, operate.ErrTransient); got != test.want {
			t.Errorf("%s: transient = %t", test.err, got)
		}
	}
}
