package manifest

import "testing"

// Objects without a namespace are in the current one, unless a set and its Service would not find each other.
func TestHome(t *testing.T) {
	object := func(apiVersion, kind, name, namespace string) Object {
		o := Object{APIVersion: apiVersion, Kind: kind, Raw: []byte(`{"spec":{"serviceName":"db"}}`)}
		o.Metadata.Name, o.Metadata.Namespace = name, namespace
		return o
	}
	set := func(name, namespace string) Object { return object("apps/v1", "StatefulSet", name, namespace) }
	service := func(name, namespace string) Object { return object("v1", "Service", name, namespace) }
	budget := func(namespace string) Object { return object("policy/v1", "PodDisruptionBudget", "db", namespace) }
	for _, test := range []struct {
		name    string
		objects []Object
		want    string
	}{
		{"nothing names one", []Object{set("db", ""), service("db", "")}, "current"},
		{"everything names one", []Object{set("db", "data"), service("db", "data")}, "current"},
		{"the set names one, its Service none", []Object{set("db", "data"), service("db", "")}, "data"},
		{"the Service names one, its set none", []Object{set("db", ""), service("db", "data"), budget("")}, "data"},
		{"an unrelated Service of the same name", []Object{set("db", ""), service("db", ""), service("db", "other")}, "current"},
		{"an unrelated budget of the same name", []Object{set("db", ""), service("db", ""), budget(""), budget("other")}, "current"},
		{"another Service", []Object{set("db", "data"), service("web", "")}, "current"},
		{"two budgets would meet", []Object{set("db", "data"), service("db", ""), budget(""), budget("data")}, "current"},
		{"two namespaces", []Object{set("db", "a"), set("web", "b"), service("db", "")}, "current"},
		{"a Knative Service", []Object{set("db", "data"), object("serving.knative.dev/v1", "Service", "db", "")}, "current"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, reversed := range []bool{false, true} {
				objects := test.objects
				if reversed {
					objects = nil
					for i := range test.objects {
						objects = append(objects, test.objects[len(test.objects)-1-i])
					}
				}
				if got := Home(objects, "current"); got != test.want {
					t.Errorf("reversed %t: %s, want %s", reversed, got, test.want)
				}
			}
		})
	}
}
