package doctor

import (
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// system is a program that stores data or that has members, and what is known about it.
type system struct {
	// name is what people call it.
	name string
	// images are patterns (path.Match) of the last component of the image's repository. The name of an image
	// is weak evidence: a finding that has no other one is for information.
	images []string
	// data are the directories where the images store data unless they are configured: official, vendor's, Bitnami's.
	data []string
	// dataEnv and dataFlags configure the directory.
	dataEnv, dataFlags []string
	// votes says whether the container is a member that needs a majority of the members, also while some are
	// restarted on purpose; nil for never. Cassandra, Scylla and Kafka brokers have replicas of their data, but no
	// majority of nodes. Galera and MySQL group replication neither: a member that stops leaves the group first.
	votes func(*corev1.Container) bool
	// stores says whether the container stores data; nil for always.
	stores func(*corev1.Container) bool
	// ready is a command that succeeds when the container can be used, without credentials; empty if none is known.
	ready []string
	// unprobed: its own charts have no readiness probe, on purpose.
	unprobed bool
	// cache: its data may be lost by design.
	cache bool
}

// systems is the table. The comment on each line is the source.
var systems = []*system{
	{ // https://etcd.io/docs/v3.6/faq/ (failure tolerance), https://etcd.io/docs/v3.6/op-guide/configuration/
		name: "etcd", images: []string{"etcd"}, votes: always,
		data:    []string{"/var/lib/etcd", "/etcd-data", "/bitnami/etcd"},
		dataEnv: []string{"ETCD_DATA_DIR"}, dataFlags: []string{"--data-dir"},
	},
	{ // https://zookeeper.apache.org/doc/current/zookeeperAdmin.html#sc_designing, https://hub.docker.com/_/zookeeper
		name: "ZooKeeper", images: []string{"zookeeper", "cp-zookeeper", "kubernetes-zookeeper"}, votes: always,
		data:    []string{"/data", "/var/lib/zookeeper", "/var/lib/zookeeper/data", "/bitnami/zookeeper"},
		dataEnv: []string{"ZOO_DATA_DIR"}, dataFlags: []string{"--data_dir"},
	},
	{ // https://clickhouse.com/docs/guides/sre/keeper/clickhouse-keeper
		name: "ClickHouse Keeper", images: []string{"clickhouse-keeper"}, votes: always,
		data: []string{"/var/lib/clickhouse-keeper", "/var/lib/clickhouse"},
	},
	{ // https://developer.hashicorp.com/consul/docs/concept/consensus#deployment-table, https://hub.docker.com/r/hashicorp/consul
		name: "Consul", images: []string{"consul", "consul-enterprise"}, votes: always,
		data: []string{"/consul/data", "/bitnami/consul"}, dataFlags: []string{"-data-dir", "--data-dir"},
	},
	{ // https://developer.hashicorp.com/vault/docs/internals/integrated-storage; other storage needs no majority of Vault servers
		name: "Vault", images: []string{"vault", "vault-enterprise", "openbao"}, votes: hasEnv("VAULT_RAFT_NODE_ID", "VAULT_RAFT_PATH"),
		data: []string{"/vault/data", "/vault/file", "/openbao/data"}, dataEnv: []string{"VAULT_RAFT_PATH"},
	},
	{ // https://docs.nats.io/running-a-nats-service/configuration/clustering/jetstream_clustering; without JetStream it has no data
		name: "NATS", images: []string{"nats", "nats-server"}, votes: jetStream, stores: jetStream,
		data: []string{"/data/jetstream", "/data", "/bitnami/nats"}, dataFlags: []string{"-sd", "--store_dir"},
	},
	{ // https://www.rabbitmq.com/docs/quorum-queues, https://www.rabbitmq.com/docs/metadata-store (Khepri), https://hub.docker.com/_/rabbitmq
		name: "RabbitMQ", images: []string{"rabbitmq", "rabbitmq-server"}, votes: always,
		data:    []string{"/var/lib/rabbitmq", "/var/lib/rabbitmq/mnesia", "/bitnami/rabbitmq/mnesia", "/opt/bitnami/rabbitmq/.rabbitmq/mnesia"},
		dataEnv: []string{"RABBITMQ_MNESIA_BASE", "RABBITMQ_MNESIA_DIR"},
		ready:   []string{"rabbitmq-diagnostics", "-q", "check_running"},
	},
	{ // https://www.mongodb.com/docs/manual/core/replica-set-elections/, https://hub.docker.com/_/mongo; mongos is a router
		name:   "MongoDB",
		images: []string{"mongo", "mongodb", "mongodb-sharded", "mongodb-community-server", "mongodb-enterprise-server", "percona-server-mongodb"},
		votes:  notMongos, stores: notMongos,
		data: []string{"/data/db", "/bitnami/mongodb", "/bitnami/mongodb/data/db"}, dataFlags: []string{"--dbpath"},
		ready: []string{"mongosh", "--quiet", "--eval", "db.adminCommand('ping').ok"},
	},
	{ // https://www.elastic.co/guide/en/elasticsearch/reference/current/modules-discovery-quorums.html, …/docker.html
		name: "Elasticsearch", images: []string{"elasticsearch", "elasticsearch-oss", "elasticsearch-wolfi"},
		votes: hasRole("master"), stores: hasRole("master", "data", "data_*"),
		data: []string{"/usr/share/elasticsearch/data", "/bitnami/elasticsearch/data"}, dataEnv: []string{"path.data"},
	},
	{ // https://docs.opensearch.org/latest/tuning-your-cluster/, https://docs.opensearch.org/latest/install-and-configure/install-opensearch/docker/
		name: "OpenSearch", images: []string{"opensearch"},
		votes: hasRole("master", "cluster_manager"), stores: hasRole("master", "cluster_manager", "data", "warm"),
		data: []string{"/usr/share/opensearch/data", "/bitnami/opensearch/data"}, dataEnv: []string{"path.data"},
	},
	{ // https://kafka.apache.org/documentation/#kraft_role: only controllers vote; https://hub.docker.com/r/apache/kafka
		name: "Kafka", images: []string{"kafka", "kafka-native", "cp-kafka", "cp-server"}, votes: kafkaController,
		data:    []string{"/var/lib/kafka/data", "/var/lib/kafka", "/bitnami/kafka", "/bitnami/kafka/data"},
		dataEnv: []string{"KAFKA_LOG_DIRS", "KAFKA_LOG_DIR", "KAFKA_CFG_LOG_DIRS", "KAFKA_CFG_LOG_DIR"},
	},
	{ // https://docs.redpanda.com/current/get-started/architecture/ (Raft per partition, no majority of brokers)
		name: "Redpanda", images: []string{"redpanda"}, data: []string{"/var/lib/redpanda/data"},
	},
	{ // https://www.cockroachlabs.com/docs/stable/architecture/replication-layer, …/orchestrate-cockroachdb-with-kubernetes
		name: "CockroachDB", images: []string{"cockroach", "cockroachdb"}, votes: always,
		data: []string{"/cockroach/cockroach-data"},
	},
	{ // https://hub.docker.com/_/cassandra: no majority of nodes
		name: "Cassandra", images: []string{"cassandra", "dse-server", "cass-management-api"},
		data: []string{"/var/lib/cassandra", "/cassandra_data", "/bitnami/cassandra"},
	},
	{ // https://hub.docker.com/r/scylladb/scylla: no majority of nodes
		name: "ScyllaDB", images: []string{"scylla", "scylladb", "scylla-enterprise"},
		data: []string{"/var/lib/scylla", "/bitnami/scylladb"},
	},
	{ // https://hub.docker.com/_/postgres (since 18 /var/lib/postgresql), https://github.com/zalando/spilo
		name: "PostgreSQL",
		images: []string{
			"postgres", "postgresql", "postgresql-repmgr", "postgis", "pgvector", "timescaledb", "timescaledb-ha", "citus",
			"spilo", "spilo-[0-9]*", "patroni", "patroni-citus-k8s", "crunchy-postgres", "crunchy-postgres-gis", "percona-postgresql",
		},
		data: []string{
			"/var/lib/postgresql/data", "/var/lib/postgresql", "/home/postgres/pgdata", "/home/postgres/pgdata/pgroot", "/pgdata",
			"/bitnami/postgresql", "/bitnami/postgresql/data",
		},
		dataEnv: []string{"PGDATA", "POSTGRESQL_DATA_DIR", "PATRONI_POSTGRESQL_DATA_DIR"},
		ready:   []string{"pg_isready"},
	},
	{ // https://hub.docker.com/_/mysql, https://hub.docker.com/_/mariadb, https://docs.percona.com/percona-server/
		name: "MySQL",
		images: []string{
			"mysql", "mysql-server", "community-server", "enterprise-server", "percona", "percona-server", "percona-xtradb-cluster",
		},
		data: []string{"/var/lib/mysql", "/bitnami/mysql", "/bitnami/mysql/data"}, dataFlags: []string{"--datadir"},
	},
	{ // https://hub.docker.com/_/mariadb; Galera, see votes
		name: "MariaDB", images: []string{"mariadb", "mariadb-galera", "mariadb-server"},
		data: []string{"/var/lib/mysql", "/bitnami/mariadb", "/bitnami/mariadb/data"}, dataFlags: []string{"--datadir"},
	},
	{ // https://hub.docker.com/_/redis: often a cache
		name: "Redis", images: []string{"redis", "redis-stack", "redis-stack-server", "redis-cluster", "keydb"}, cache: true, stores: notSentinel,
		data: []string{"/data", "/bitnami/redis", "/bitnami/redis/data", "/bitnami/keydb/data"}, dataFlags: []string{"--dir"},
		ready: []string{"redis-cli", "ping"},
	},
	{ // https://hub.docker.com/r/valkey/valkey
		name: "Valkey", images: []string{"valkey", "valkey-cluster", "valkey-bundle"}, cache: true, stores: notSentinel,
		data: []string{"/data", "/bitnami/valkey", "/bitnami/valkey/data"}, dataFlags: []string{"--dir"},
		ready: []string{"valkey-cli", "ping"},
	},
	{ // https://hub.docker.com/_/memcached: memory only
		name: "Memcached", images: []string{"memcached"}, cache: true, stores: never,
	},
	{ // https://docs.min.io/community/minio-object-store/operations/deployments/installation.html: it needs a majority of
		// the drives of an erasure set to write, which is not one of the servers
		name: "MinIO", images: []string{"minio"}, unprobed: true,
		data: []string{"/data", "/export", "/storage", "/bitnami/minio/data"},
	},
	{ // https://hub.docker.com/r/clickhouse/clickhouse-server
		name: "ClickHouse", images: []string{"clickhouse", "clickhouse-server"},
		data: []string{"/var/lib/clickhouse", "/bitnami/clickhouse"},
	},
	{ // https://hub.docker.com/_/influxdb
		name: "InfluxDB", images: []string{"influxdb"},
		data: []string{"/var/lib/influxdb", "/var/lib/influxdb2", "/var/lib/influxdb3", "/bitnami/influxdb"},
	},
	{ // https://hub.docker.com/_/neo4j
		name: "Neo4j", images: []string{"neo4j"}, data: []string{"/data", "/var/lib/neo4j/data", "/bitnami/neo4j"},
	},
	{ // https://hub.docker.com/_/couchdb
		name: "CouchDB", images: []string{"couchdb"}, data: []string{"/opt/couchdb/data"},
	},
	{ // https://hub.docker.com/_/solr
		name: "Solr", images: []string{"solr"}, data: []string{"/var/solr", "/bitnami/solr"},
	},
	{ // https://qdrant.tech/documentation/guides/installation/
		name: "Qdrant", images: []string{"qdrant"}, data: []string{"/qdrant/storage"},
	},
	{ // https://docs.yugabyte.com/stable/architecture/docdb-replication/: the data directory is a flag (fs_data_dirs)
		name: "YugabyteDB", images: []string{"yugabyte"}, votes: always, dataFlags: []string{"--fs_data_dirs"},
	},
}

// helpers are patterns of the names of containers that run a system's image for something else. The images of
// exporters, operators, proxies and backup tools have names of their own, which no pattern of the table matches.
var helpers = []string{"*exporter*", "*metrics*", "*operator*", "*proxy*", "*backup*", "*sidecar*", "*agent*", "*init*", "*client*"}

func always(*corev1.Container) bool { return true }

func never(*corev1.Container) bool { return false }

// systemOf is the first system that a container of the pod runs; nil if none is known. Init containers do not count.
func systemOf(spec *corev1.PodSpec) *system {
	for i := range spec.Containers {
		if s := systemIn(&spec.Containers[i]); s != nil {
			return s
		}
	}
	return nil
}

// systemIn is the system that the container runs; nil if none is known.
func systemIn(c *corev1.Container) *system {
	if matches(helpers, c.Name) {
		return nil
	}
	for _, s := range systems {
		if matches(s.images, imageName(c.Image)) {
			return s
		}
	}
	return nil
}

// matches says whether one of the patterns matches the name.
func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { ok, err := path.Match(pattern, name); return ok && err == nil })
}

// voter is the system of which the pod is a member that votes; nil for none.
func voter(spec *corev1.PodSpec) *system {
	for i := range spec.Containers {
		c := &spec.Containers[i]
		if s := systemIn(c); s != nil && s.votes != nil && s.votes(c) {
			return s
		}
	}
	return nil
}

// storesIn says whether the container stores data.
func (s *system) storesIn(c *corev1.Container) bool { return s.stores == nil || s.stores(c) }

// dataDirs are the directories where the container stores its data, as far as it is known: those of its
// environment and flags, otherwise those that its images have.
func (s *system) dataDirs(c *corev1.Container) []string {
	var out []string
	for _, name := range s.dataEnv {
		out = append(out, strings.FieldsFunc(envOf(c, name), func(r rune) bool { return r == ',' })...)
	}
	for _, flag := range s.dataFlags {
		out = append(out, strings.FieldsFunc(flagOf(c, flag), func(r rune) bool { return r == ',' })...)
	}
	out = slices.DeleteFunc(out, func(dir string) bool { return !path.IsAbs(dir) || strings.Contains(dir, "$") })
	if len(out) == 0 {
		return s.data
	}
	return out
}

// dataMounts are the mounts of the container that hold its data directories: at a directory, or the nearest one
// above it.
func (s *system) dataMounts(c *corev1.Container) []corev1.VolumeMount {
	var out []corev1.VolumeMount
	for _, dir := range s.dataDirs(c) {
		if m := mountAt(c, dir); m != nil && !slices.ContainsFunc(out, func(o corev1.VolumeMount) bool { return o.MountPath == m.MountPath }) {
			out = append(out, *m)
		}
	}
	return out
}

// mountAt is the mount that holds a directory; nil if it is in the container.
func mountAt(c *corev1.Container, dir string) *corev1.VolumeMount {
	var out *corev1.VolumeMount
	for i := range c.VolumeMounts {
		m := &c.VolumeMounts[i]
		at := path.Clean(m.MountPath)
		if within(dir, at) && (out == nil || len(at) > len(path.Clean(out.MountPath))) {
			out = m
		}
	}
	return out
}

// within says whether a directory is another one or below it.
func within(dir, above string) bool {
	dir = path.Clean(dir)
	return dir == above || above == "/" || strings.HasPrefix(dir, above+"/")
}

// imageName is the last component of the image's repository, without tag and digest.
func imageName(image string) string {
	image, _, _ = strings.Cut(image, "@")
	name := path.Base(image)
	name, _, _ = strings.Cut(name, ":")
	return name
}

// envOf is a variable of the container, empty if it has none or takes it from elsewhere.
func envOf(c *corev1.Container, name string) string {
	for _, e := range c.Env {
		if e.Name == name {
			return e.Value
		}
	}
	return ""
}

func hasEnv(names ...string) func(*corev1.Container) bool {
	return func(c *corev1.Container) bool {
		return slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool { return slices.Contains(names, e.Name) })
	}
}

// words are the words of the container's command and arguments. Scripts are split, too.
func words(c *corev1.Container) []string {
	return strings.Fields(strings.Join(slices.Concat(c.Command, c.Args), " "))
}

// flagOf is the value of a flag in the container's command: `--dir=x` or `--dir x`.
func flagOf(c *corev1.Container, flag string) string {
	all := words(c)
	for i, word := range all {
		word = strings.Trim(word, `"'`)
		if value, ok := strings.CutPrefix(word, flag+"="); ok {
			return value
		}
		if word == flag && i+1 < len(all) {
			return strings.Trim(all[i+1], `"'`)
		}
	}
	return ""
}

func runs(c *corev1.Container, program string) bool {
	return slices.ContainsFunc(words(c), func(word string) bool { return path.Base(strings.Trim(word, `"'`)) == program })
}

func notSentinel(c *corev1.Container) bool {
	return !runs(c, "redis-sentinel") && !runs(c, "valkey-sentinel")
}

func notMongos(c *corev1.Container) bool {
	return !runs(c, "mongos") && envOf(c, "MONGODB_SHARDING_MODE") != "mongos"
}

// jetStream: by flag, or because the container has a volume for it (the chart configures it in a ConfigMap).
func jetStream(c *corev1.Container) bool {
	all := words(c)
	return slices.Contains(all, "-js") || slices.Contains(all, "--jetstream") ||
		slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return within(m.MountPath, "/data") })
}

func kafkaController(c *corev1.Container) bool {
	return slices.ContainsFunc([]string{"KAFKA_PROCESS_ROLES", "KAFKA_CFG_PROCESS_ROLES"}, func(name string) bool {
		return strings.Contains(envOf(c, name), "controller")
	})
}

// hasRole says whether a node of Elasticsearch or OpenSearch has one of the roles. Without configuration it has all.
func hasRole(roles ...string) func(*corev1.Container) bool {
	return func(c *corev1.Container) bool {
		for _, e := range c.Env {
			switch e.Name {
			case "node.roles", "NODE_ROLES", "ELASTICSEARCH_NODE_ROLES", "OPENSEARCH_NODE_ROLES":
				if e.ValueFrom != nil {
					return false // not known
				}
				return slices.ContainsFunc(strings.FieldsFunc(e.Value, func(r rune) bool { return strings.ContainsRune(" ,[]\"'", r) }), func(role string) bool {
					return matches(roles, role)
				})
			case "node.master": // before 7.9
				if slices.Contains(roles, "master") && e.Value == "false" && !slices.Contains(roles, "data") {
					return false
				}
			}
		}
		return true
	}
}
