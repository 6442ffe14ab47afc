package names_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
)

func TestDomainsOfCorefile(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{name: "empty"},
		{"as kubeadm installs it", `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success cluster.local
       disable denial cluster.local
    }
    loop
    reload
    loadbalance
}
`, []string{"cluster.local"}},
		{"several zones, written freely", `
# kubernetes not.this
.:53 {
	kubernetes   Corp.Example.  cluster.local 10.96.0.0/12 2001:db8::/32 0.0.10.in-addr.arpa
}`, []string{"corp.example", "cluster.local"}},
		{"zones of the server block", "example.org:53 { # ours\n  forward . 192.0.2.1\n}\n\ndns://k8s.example.:5353, in-addr.arpa {\n  kubernetes {\n    pods verified\n  }\n}", []string{"k8s.example"}},
		{"several server blocks", ".:53 {\n kubernetes a.example\n}\nother.example:53 {\n kubernetes b.example a.example\n}", []string{"a.example", "b.example"}},
		{"addresses over two lines", "a.example,\nb.example {\n kubernetes\n}", []string{"a.example", "b.example"}},
		{"the root is no domain", ". {\n kubernetes\n}", nil},
		{"only the plugin counts", ". {\n rewrite name kubernetes cluster.local\n hosts {\n  kubernetes x.example\n }\n log kubernetes\n}", nil},
		{"quoted", ". {\n kubernetes \"cluster.local\"\n}", []string{"cluster.local"}},
		{"set by the environment", ". {\n kubernetes {$DOMAIN} cluster.local\n}", []string{"cluster.local"}},
		{"broken off", ".:53 {\n kubernetes cluster.local {\n pods", []string{"cluster.local"}},
		{"closed too often", "}\n}\n.:53 {\n kubernetes cluster.local\n}", []string{"cluster.local"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, names.CorefileDomains(test.text)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Whatever a Corefile holds, what comes of it can end a name.
func FuzzCorefileDomains(f *testing.F) {
	for _, seed := range []string{"", ". {\n kubernetes cluster.local\n}", "a,\nb {\n kubernetes {\n", "}}}{{{\n\"", "kubernetes {$X} 10.0.0.0/8 \"a b\" # c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, domain := range names.CorefileDomains(text) {
			if problems := validation.IsDNS1123Subdomain(domain); len(problems) > 0 {
				t.Errorf("%q: %s", domain, strings.Join(problems, ", "))
			}
		}
	})
}
