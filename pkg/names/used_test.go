package names

import (
	"encoding/json"
	"strings"
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
		"# web-0.peers":                             "",
		"a\n  // b web-0.peers\nweb-1.peers":        "web-1.peers",
		"a # b.c web-0.peers":                       "",
		"a#b web-0.peers":                           "web-0.peers",
		"/data/web-0.peers":                         "",
		"file://web-0.peers":                        "",
		"web-0.peers.example.com":                   "",
		"3.14 e.g. . .. ...":                        "",
	} {
		set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "shop"}}
		container := corev1.Container{Name: "app", Args: []string{text}, Env: []corev1.EnvVar{{Name: "SERVICE", Value: "peers"}}}
		set.Spec.Template.Spec.InitContainers = []corev1.Container{container}
		s := (&sts.Inventory{Sets: []*appsv1.StatefulSet{set}}).Snapshots()[0]
		if use, used := ReadTexts(nil).first(s, "peers"); use.Name != want || used != (want != "") {
			t.Errorf("%q: %q, %t", text, use.Name, used)
		}
	}
}

func TestNameUsedInManifests(t *testing.T) {
	set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "shop"}}
	inv := &sts.Inventory{Sets: []*appsv1.StatefulSet{set}, Texts: []sts.ManifestText{
		{Kind: "ConfigMap", Namespace: "shop", Name: "peers", JSON: json.RawMessage(`{"data":{"a.conf":"server web-1.web:80\n\tserver web-2.web:80","srv":"_peer._tcp.web.shop.svc"}}`)},
	}}
	s, texts := inv.Snapshots()[0], ReadTexts(inv.Texts)
	if use, used := texts.first(s, "web"); !used || use.Object != "configmap/peers" || use.Name != "web-1.web" {
		t.Errorf("%+v, %t", use, used)
	}
	for port, want := range map[string]bool{"peer": true, "client": false, "": false} {
		if texts.srvUsed(s, "web", port, "") != want {
			t.Errorf("SRV records of port %q are used: %t", port, !want)
		}
	}
	if texts.srvUsed(s, "web", "peer", corev1.ProtocolUDP) {
		t.Error("SRV records of another protocol are used")
	}
}

// A name that a program composes in another object may be that of another set's pod; one in another namespace is.
func TestNameUsedElsewhere(t *testing.T) {
	set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "shop"}}
	set.Spec.Template.Spec.Volumes = []corev1.Volume{{Name: "peers", VolumeSource: corev1.VolumeSource{
		ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "peers"}},
	}}}
	for _, test := range []struct{ name, namespace, text, want string }{
		{"peers", "shop", "$(POD).web", "$(POD).web"},
		{"other", "shop", "$(POD).web", ""},
		{"other", "shop", "web-0.web", "web-0.web"},
		{"other", "test", "web-0.web", ""},
	} {
		inv := &sts.Inventory{Sets: []*appsv1.StatefulSet{set}, Texts: []sts.ManifestText{
			{Kind: "ConfigMap", Namespace: test.namespace, Name: test.name, JSON: json.RawMessage(`{"data":{"a":"` + test.text + `"}}`)},
		}}
		use, _ := ReadTexts(inv.Texts).first(inv.Snapshots()[0], "web")
		if use.Name != test.want || use.Name != "" && use.Own != (test.name == "peers") {
			t.Errorf("%+v: %+v", test, use)
		}
	}
}

// longLine has a dot in every other column, and one line.
func longLine() sts.ManifestText {
	return sts.ManifestText{Kind: "ConfigMap", Name: "x", JSON: json.RawMessage(`{"data":{"a":"` + strings.Repeat("1.", 1<<20) + `# web-0.web"}}`)}
}

// A long line takes time in proportion to its length: otherwise this test runs into the timeout.
func TestLongLine(t *testing.T) {
	if found := ReadTexts([]sts.ManifestText{longLine()}).inTexts[""].below("web", "web"); len(found) != 1 || found[0].Pod != "web-0" {
		t.Errorf("%+v", found)
	}
}

// Variables that contain each other many times are not filled in: the text would not fit into memory.
func TestVariablesMultiply(t *testing.T) {
	set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: "web"}}
	set.Spec.Template.Spec.Containers = []corev1.Container{{
		Args: []string{strings.Repeat("$(A)", 1<<14) + " web-0.web"},
		Env:  []corev1.EnvVar{{Name: "A", Value: strings.Repeat("$(B)", 1<<14)}, {Name: "B", Value: strings.Repeat("b", 1<<16)}},
	}}
	if found := ReadTexts(nil).Uses((&sts.Inventory{Sets: []*appsv1.StatefulSet{set}}).Snapshots()[0], "web"); len(found) != 1 {
		t.Errorf("%+v", found)
	}
}

func BenchmarkLongLine(b *testing.B) {
	text := []sts.ManifestText{longLine()}
	for b.Loop() {
		ReadTexts(text)
	}
}

// Many checks ask for the same names: they are looked for once.
func TestUsesAreRemembered(t *testing.T) {
	set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: "web"}}
	set.Spec.Template.Spec.Containers = []corev1.Container{{Args: []string{"web-0.web", "web-1.web"}}}
	s, texts := (&sts.Inventory{Sets: []*appsv1.StatefulSet{set}}).Snapshots()[0], ReadTexts(nil)
	if first, second := texts.Uses(s, "web"), texts.Uses(s, "web"); len(first) != 2 || &first[0] != &second[0] {
		t.Errorf("%+v, %+v", first, second)
	}
}
