package cli

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
)

// A flag that says where to query, or until when, implies --resolve.
func TestQueriesAreImplied(t *testing.T) {
	c := &common{env: &Env{}, config: genericclioptions.NewConfigFlags(true)}
	for _, test := range []struct {
		options  resolveOptions
		resolves bool
	}{
		{resolveOptions{}, false},
		{resolveOptions{resolve: true}, true},
		{resolveOptions{from: "pod/web-0"}, true},
		{resolveOptions{server: "10.96.0.10"}, true},
		{resolveOptions{wait: true}, true},
		{resolveOptions{watch: true}, true},
	} {
		o := dnsOptions{resolveOptions: test.options}
		if err := o.check(newDNS(c), newOutput(&cobra.Command{})); err != nil || o.resolve != test.resolves || o.names.Resolve != test.resolves {
			t.Errorf("%+v: resolve %t, error %v", test.options, o.resolve, err)
		}
	}
}

func TestOwnServer(t *testing.T) {
	for _, test := range []struct{ text, want, err string }{
		{"search shop.svc.cluster.local svc.cluster.local\nnameserver 10.96.0.10\nnameserver 10.96.0.11\noptions ndots:5\n", "10.96.0.10", ""},
		{"# nameserver 10.0.0.1\nnameserver\tfd00::a", "fd00::a", ""},
		{"search example.org\nnameserver\n", "", "no nameserver"},
	} {
		file := filepath.Join(t.TempDir(), "resolv.conf")
		if err := os.WriteFile(file, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := ownServer(file)
		if got != test.want || (err == nil) != (test.err == "") || err != nil && err.Error() != msgDNSNoNameserver(file) {
			t.Errorf("%q: %s, error %v", test.text, got, err)
		}
	}
	if _, err := ownServer(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: error %v", err)
	}
}
