package kube

import (
	"errors"
	"testing"
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
