package names

import (
	"encoding/json"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Which texts name a pod of set web below Service peers.
func TestNameUsed(t *testing.T) {
	for text, want := range map[string]string{
		"web-0.peers":                               "web-0.peers",
		"http://web-2.peers:7000/x":                 "web-2.peers",
		"a=1,web-1.peers.shop.svc.cluster.local":    "web-1.peers",
		"--seeds\nweb-0.peers\nweb-1.peers":         "web-0.peers",
		"$(POD_NAME).peers":                         "$(POD_NAME).peers",
		"${HOSTNAME}.peers.$(NS).svc":               "${HOSTNAME}.peers",
		"$HOSTNAME.peers":                           "$HOSTNAME.peers",
		"exec x --name `hostname -s`.peers":         "`hostname -s`.peers",
		"--name $(hostname -s).peers":               "$(hostname -s).peers",
		"http://web-{0...3}.peers.default.svc/data": "web-{0...3}.peers",
		"for i in 0 1; do ping web-$i.peers; done":  "web-$i.peers",
		"printf web-%d.peers":                       "web-%d.peers",
		"$(POD_NAME).$(SERVICE).$(NS).svc":          "$(POD_NAME).peers",
		"tcp://peers.shop.svc.cluster.local":        "",
		"www.peers.com":                             "",
		"default.peers":                             "",
		"other-0.peers":                             "",
		"xweb-0.peers":                              "",
		"web-00.peers":                              "",
		"web-0.peers2":                              "",
		"web-0.peers-client":                        "",
		"web-0.other":                               "",
		"other-$i.peers":                            "",
		"_peer._tcp.peers":                          "",
		"peers":                                     "",
		"3.14 e.g. . .. ...":                        "",
	} {
		set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "shop"}}
		container := corev1.Container{Name: "app", Args: []string{text}, Env: []corev1.EnvVar{{Name: "SERVICE", Value: "peers"}}}
		set.Spec.Template.Spec.InitContainers = []corev1.Container{container}
		s := (&sts.Inventory{Sets: []*appsv1.StatefulSet{set}}).Snapshots()[0]
		if use, used := nameUsed(s, "peers", nil); use.Name != want || used != (want != "") {
			t.Errorf("%q: %q, %t", text, use.Name, used)
		}
	}
}

func TestNameUsedInManifests(t *testing.T) {
	set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "shop"}}
	inv := &sts.Inventory{Sets: []*appsv1.StatefulSet{set}, Texts: []sts.ManifestText{
		{Kind: "ConfigMap", Name: "peers", JSON: json.RawMessage(`{"data":{"a.conf":"server web-1.web:80\n\tserver web-2.web:80","srv":"_peer._tcp.web.shop.svc"}}`)},
	}}
	s, texts := inv.Snapshots()[0], usesInTexts(inv.Texts)
	if use, used := nameUsed(s, "web", texts); !used || use.Object != "configmap/peers" || use.Name != "web-1.web" {
		t.Errorf("%+v, %t", use, used)
	}
	for port, want := range map[string]bool{"peer": true, "client": false, "": false} {
		if srvUsed(s, "web", port, "", texts) != want {
			t.Errorf("SRV records of port %q are used: %t", port, !want)
		}
	}
	if srvUsed(s, "web", "peer", corev1.ProtocolUDP, texts) {
		t.Error("SRV records of another protocol are used")
	}
}
