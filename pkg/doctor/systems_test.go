package doctor

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestSystemOf(t *testing.T) {
	env := func(name, value string) []corev1.EnvVar { return []corev1.EnvVar{{Name: name, Value: value}} }
	tests := []struct {
		container     corev1.Container
		system        string
		votes, stores bool
	}{
		{corev1.Container{Image: "registry.k8s.io/etcd:3.6.8-0"}, "etcd", true, true},
		{corev1.Container{Image: "host:5000/etcd"}, "etcd", true, true},
		{corev1.Container{Image: "etcd/other"}, "", false, false},
		{corev1.Container{Image: "quay.io/coreos/etcd-operator:v0.9"}, "", false, false},
		{corev1.Container{Image: "etcd", Name: "etcd-backup"}, "", false, false},
		{corev1.Container{Image: "oliver006/redis_exporter"}, "", false, false},
		{corev1.Container{Image: "hashicorp/consul-k8s-control-plane:1.0"}, "", false, false},
		{corev1.Container{Image: "mongo:8@sha256:0123"}, "MongoDB", true, true},
		{corev1.Container{Image: "mongo", Command: []string{"mongos", "--configdb"}}, "MongoDB", false, false},
		{corev1.Container{Image: "bitnami/mongodb-sharded", Env: env("MONGODB_SHARDING_MODE", "mongos")}, "MongoDB", false, false},
		{corev1.Container{Image: "cassandra"}, "Cassandra", false, true},
		{corev1.Container{Image: "apache/kafka"}, "Kafka", false, true},
		{corev1.Container{Image: "apache/kafka", Env: env("KAFKA_PROCESS_ROLES", "controller,broker")}, "Kafka", true, true},
		{corev1.Container{Image: "elasticsearch:9"}, "Elasticsearch", true, true},
		{corev1.Container{Image: "elasticsearch:9", Env: env("node.roles", "data_hot,data_content")}, "Elasticsearch", false, true},
		{corev1.Container{Image: "elasticsearch:9", Env: env("node.roles", "[]")}, "Elasticsearch", false, false},
		{corev1.Container{Image: "bitnami/opensearch", Env: env("OPENSEARCH_NODE_ROLES", "master")}, "OpenSearch", true, true},
		{corev1.Container{Image: "nats"}, "NATS", false, false},
		{corev1.Container{Image: "nats", Args: []string{"-js", "-sd", "/data"}}, "NATS", true, true},
		{corev1.Container{Image: "hashicorp/vault"}, "Vault", false, true},
		{corev1.Container{Image: "hashicorp/vault", Env: env("VAULT_RAFT_NODE_ID", "x")}, "Vault", true, true},
		{corev1.Container{Image: "ghcr.io/zalando/spilo-17:4.0-p2"}, "PostgreSQL", false, true},
		{corev1.Container{Image: "redis", Args: []string{"redis-sentinel", "/etc/s.conf"}}, "Redis", false, false},
		{corev1.Container{Image: "memcached"}, "Memcached", false, false},
	}
	for _, tt := range tests {
		c := tt.container
		spec := &corev1.PodSpec{Containers: []corev1.Container{{Name: "proxy", Image: "envoy"}, c}}
		name, stores := "", false
		if s := systemOf(spec); s != nil {
			name, stores = s.name, s.storesIn(&spec.Containers[1])
		}
		if v := voter(spec); name != tt.system || (v != nil) != tt.votes || stores != tt.stores {
			t.Errorf("%s %s %v %v: system %q, votes %v, stores %v", c.Name, c.Image, c.Args, c.Env, name, v != nil, stores)
		}
	}
}

func TestDataMounts(t *testing.T) {
	mounts := func(paths ...string) []corev1.VolumeMount {
		var out []corev1.VolumeMount
		for _, p := range paths {
			out = append(out, corev1.VolumeMount{Name: "v", MountPath: p})
		}
		return out
	}
	tests := []struct {
		container corev1.Container
		want      string
	}{
		{corev1.Container{Image: "mysql", VolumeMounts: mounts("/etc/mysql", "/var/lib/mysql/")}, "/var/lib/mysql/"},
		{corev1.Container{Image: "mysql", VolumeMounts: mounts("/var/lib/mysql-files", "/var/lib/mysql/tmp")}, ""},
		{corev1.Container{Image: "mongo", VolumeMounts: mounts("/data", "/data/configdb")}, "/data"},
		{corev1.Container{Image: "mongo", VolumeMounts: mounts("/data/db"), Args: []string{"--dbpath=/mongo"}}, ""},
		{corev1.Container{Image: "mongo", VolumeMounts: mounts("/mongo"), Command: []string{"sh", "-c", "mongod --dbpath /mongo"}}, "/mongo"},
		{corev1.Container{Image: "postgres", VolumeMounts: mounts("/pg"), Env: []corev1.EnvVar{{Name: "PGDATA", Value: "/pg/data"}}}, "/pg"},
		{corev1.Container{Image: "etcd", VolumeMounts: mounts("/var/lib/etcd"), Args: []string{"--data-dir=$(DIR)"}}, "/var/lib/etcd"},
	}
	for _, tt := range tests {
		got := ""
		for _, m := range systemIn(&tt.container).dataMounts(&tt.container) {
			got += m.MountPath
		}
		if got != tt.want {
			t.Errorf("%s %v: %q, not %q", tt.container.Image, tt.container.VolumeMounts, got, tt.want)
		}
	}
}
