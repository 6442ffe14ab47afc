package profile_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
)

// Output of real servers. That of Cassandra and Elasticsearch is from their documentation.
const (
	etcdMembers = `7e4c16ba29a09b72, started, etcd-2, http://etcd-2.svc.lab:2380, http://etcd-2.svc.lab:2379, false
8278a17d51d28825, started, etcd-0, http://etcd-0.svc.lab:2380, http://etcd-0.svc.lab:2379, false
ff82e59096a14db7, started, etcd-1, http://etcd-1.svc.lab:2380, http://etcd-1.svc.lab:2379, false
`
	etcdTwoMembers = `8278a17d51d28825, started, etcd-0, http://etcd-0.svc.lab:2380, http://etcd-0.svc.lab:2379, false
ff82e59096a14db7, started, etcd-1, http://etcd-1.svc.lab:2380, http://etcd-1.svc.lab:2379, false
`
	etcdUnstarted = `8278a17d51d28825, started, etcd-0, https://etcd-0.etcd.default.svc.cluster.local:2380, https://etcd-0.etcd.default.svc.cluster.local:2379, false
a7ff6590845e17b9, unstarted, , https://etcd-2.etcd.default.svc.cluster.local:2380, , true
`
	// 3.6, and 3.5 with fewer columns
	etcdStatus = `http://etcd-2.svc.lab:2379, 7e4c16ba29a09b72, 3.6.8, 3.6.0, 20 kB, 16 kB, 20%, 2.1 GB, true, false, 3, 9, 9, , , false
http://etcd-0.svc.lab:2379, 8278a17d51d28825, 3.6.8, 3.6.0, 20 kB, 16 kB, 20%, 2.1 GB, false, false, 3, 9, 9, , , false
`
	etcdStatus35 = `http://etcd-2.svc.lab:2379, 7e4c16ba29a09b72, 3.5.9, 20 kB, true, false, 3, 9, 9, 
`
	etcdHealth = `http://etcd-0.svc.lab:2379 is healthy: successfully committed proposal: took = 4.57917ms
http://etcd-1.svc.lab:2379 is healthy: successfully committed proposal: took = 5.301339ms
`
	rabbitQueues = "quorum\ttrue\t<rabbit@rabbitmq-0.svc.lab.1795343680.1178.0>\t[rabbit@rabbitmq-0.svc.lab, rabbit@rabbitmq-2.svc.lab]\tq q2\n" +
		"classic\ttrue\t<rabbit@rabbitmq-0.svc.lab.1795343680.1209.0>\t\tc1\nall seen\n"
	rabbitMoved = "quorum\ttrue\t<rabbit@rabbitmq-0.svc.lab.1795343680.1178.0>\t[rabbit@rabbitmq-0.svc.lab, rabbit@rabbitmq-1.svc.lab]\tq q2\n" +
		"stream\ttrue\t\t[rabbit@rabbitmq-0.svc.lab, rabbit@rabbitmq-20.svc.lab]\trabbit@rabbitmq-2.svc.lab\n" +
		"classic\ttrue\t<rabbit@rabbitmq-0.svc.lab.1795343680.1209.0>\t\tc1\nall seen\n"
	rabbitCluster = `{"alarms":[],"cluster_name":"rabbit","disk_nodes":["rabbit@rabbitmq-0.svc.lab","rabbit@rabbitmq-2.svc.lab"],"partitions":{},"ram_nodes":[],"running_nodes":["rabbit@rabbitmq-0.svc.lab"]}`

	zkConfig = `Connecting to localhost:2181

WATCHER::

WatchedEvent state:SyncConnected type:None path:null
server.1=zk-0.zk.default.svc.cluster.local:2888:3888:participant;2181
server.3=zk-2.zk.default.svc.cluster.local:2888:3888:participant;2181
version=100000003
`
	cassandraGone = `Datacenter: datacenter1
=======================
Status=Up/Down
|/ State=Normal/Leaving/Joining/Moving
--  Address    Load       Tokens  Owns (effective)  Host ID                               Rack
UN  10.0.0.11  2.48 GiB   256     33.3%             8f4b4df0-38e9-4d76-8df8-609bb8e36a11  rack1
`
	cassandraStatus = cassandraGone + `UL  10.0.0.12  2.51 GiB   256     33.3%             b11f8fb4-7cf3-40b9-a8f6-ff1b1e65ac21  rack1
`
	cassandraInfo = `ID                     : b11f8fb4-7cf3-40b9-a8f6-ff1b1e65ac21
Gossip active          : true
Native Transport active: true
`
	esNode     = `{"nodes":{"USpTGYaBSIKbgSUJR2Z9lg":{"name":"es-2","roles":["data","ingest","master"]}}}`
	esDataNode = `{"nodes":{"USpTGYaBSIKbgSUJR2Z9lg":{"name":"es-2","roles":["data_content","data_hot"]}}}`
	esGreen    = `{"cluster_name":"es","status":"green","timed_out":false,"number_of_nodes":3,"active_shards":10,"relocating_shards":0,"unassigned_shards":0}`
	esMoving   = `{"cluster_name":"es","status":"green","timed_out":false,"number_of_nodes":3,"active_shards":10,"relocating_shards":10,"unassigned_shards":0}`
	esSettings = `{"persistent":{"cluster.routing.allocation.exclude._name":""},"transient":{}}`
	esFiltered = `{"persistent":{"cluster.routing.allocation.exclude._name":"es-7"},"transient":{}}`
)

func TestBuiltinProfilesReadAnswers(t *testing.T) {
	etcd := profile.Vars{"POD_NAME": "etcd-2", "SURVIVOR": "etcd-0", "MEMBER_ID": "7e4c16ba29a09b72", "REPLICAS": "3", "TARGET_REPLICAS": "2"}
	rabbit := profile.Vars{"NODE": "rabbit@rabbitmq-2.svc.lab"}
	zk := profile.Vars{"POD_NAME": "zk-2", "SERVER_ID": "3"}
	cassandra := profile.Vars{"HOST_ID": "b11f8fb4-7cf3-40b9-a8f6-ff1b1e65ac21"}
	es := profile.Vars{"NODE": "es-2"}
	const good = ""
	// begins is a message up to the pattern in it.
	begins := func(message string) string {
		text, _, _ := strings.Cut(message, `"PATTERN"`)
		return text
	}
	terminated, matches, differs := profile.MsgTerminated(1), begins(profile.MsgMatch("PATTERN")), begins(profile.MsgNoMatch("PATTERN"))
	uncaptured := func(variable string) string { return begins(profile.MsgNotCaptured(variable, "PATTERN")) }
	for _, test := range []struct {
		profile  string
		command  string // section/name
		vars     profile.Vars
		code     int
		stdout   string
		captured profile.Vars
		problem  string // a part of it
	}{
		{"etcd", "precheck/find-member", etcd, 0, etcdMembers, profile.Vars{"MEMBER_ID": "7e4c16ba29a09b72", "SURVIVOR_ID": "8278a17d51d28825"}, good},
		{"etcd", "precheck/find-member", etcd, 0, etcdUnstarted, profile.Vars{"MEMBER_ID": "a7ff6590845e17b9", "SURVIVOR_ID": "8278a17d51d28825"}, good},
		{"etcd", "precheck/find-member", etcd, 0, etcdTwoMembers, nil, uncaptured("MEMBER_ID")},
		{"etcd", "precheck/find-member", etcd.With(profile.Vars{"POD_NAME": "etcd-20"}), 0, etcdMembers, nil, uncaptured("MEMBER_ID")},
		{"etcd", "precheck/others-healthy", etcd, 1, etcdHealth, profile.Vars{}, good},
		{"etcd", "precheck/others-healthy", etcd.With(profile.Vars{"TARGET_REPLICAS": "3"}), 1, etcdHealth, nil, differs},
		{"etcd", "drain/find-leader", etcd, 0, etcdStatus, profile.Vars{"IS_LEADER": "true"}, good},
		{"etcd", "drain/find-leader", etcd, 0, etcdStatus35, profile.Vars{"IS_LEADER": "true"}, good},
		{"etcd", "drain/find-leader", etcd.With(profile.Vars{"MEMBER_ID": "8278a17d51d28825"}), 0, etcdStatus, profile.Vars{"IS_LEADER": "false"}, good},
		{"etcd", "until/not-listed", etcd, 0, etcdMembers, nil, matches},
		{"etcd", "until/not-listed", etcd, 0, etcdTwoMembers, profile.Vars{}, good},
		{"etcd", "until/not-listed", etcd, 0, "", nil, differs},
		{"etcd", "until/others-healthy", etcd, 1, etcdHealth, nil, terminated},
		{"etcd", "join.before/peer-url", etcd, 0, etcdUnstarted, profile.Vars{"SCHEME": "https", "DOMAIN": "etcd.default.svc.cluster.local", "PORT": "2380", "LISTED": "a7ff6590845e17b9"}, good},
		{"etcd", "join.before/peer-url", etcd, 0, etcdTwoMembers, profile.Vars{"SCHEME": "http", "DOMAIN": "svc.lab", "PORT": "2380", "LISTED": ""}, good},
		{"etcd", "join.started/find-learner", etcd, 0, etcdUnstarted, nil, uncaptured("LEARNER")},
		{"etcd", "join.started/find-learner", etcd, 0, etcdMembers, profile.Vars{"MEMBER_ID": "7e4c16ba29a09b72", "LEARNER": "false"}, good},
		{"etcd", "join.after/member-votes", etcd, 0, strings.Replace(etcdMembers, "false", "true", 1), nil, differs},
		{"etcd", "join.after/member-votes", etcd, 0, etcdMembers, profile.Vars{}, good},

		{"rabbitmq", "precheck/find-node", rabbit, 0, "'rabbit@rabbitmq-2.svc.lab'\n", profile.Vars{"NODE": "rabbit@rabbitmq-2.svc.lab"}, good},
		{"rabbitmq", "precheck/find-node", rabbit, 0, "rabbit@rabbitmq\n", profile.Vars{"NODE": "rabbit@rabbitmq"}, good},
		{"rabbitmq", "precheck/no-partitions", rabbit, 0, rabbitCluster, profile.Vars{}, good},
		{"rabbitmq", "precheck/no-classic-queues", rabbit, 0, "classic\ttrue\tc1\n", nil, matches},
		{"rabbitmq", "precheck/no-classic-queues", rabbit, 0, "quorum\ttrue\tclassic\ttrue\nclassic\tfalse\tamq.gen\n", profile.Vars{}, good},
		{"rabbitmq", "until/holds-nothing", rabbit, 0, rabbitQueues, nil, matches},
		{"rabbitmq", "until/holds-nothing", rabbit, 0, rabbitMoved, profile.Vars{}, good},
		{"rabbitmq", "until/holds-nothing", profile.Vars{"NODE": "rabbit@rabbitmq-0.svc.lab"}, 0, "classic\ttrue\t<rabbit@rabbitmq-0.svc.lab.17.12.0>\t\tc1\nall seen\n", nil, matches},
		{"rabbitmq", "after/still-listed", rabbit, 0, rabbitCluster, profile.Vars{"LISTED": "rabbit@rabbitmq-2.svc.lab"}, good},
		{"rabbitmq", "after/still-listed", rabbit, 0, `{"disk_nodes":["rabbit@rabbitmq-0.svc.lab"]}`, profile.Vars{"LISTED": ""}, good},
		{"rabbitmq", "after/forgotten", rabbit, 0, rabbitCluster, nil, matches},

		{"zookeeper", "precheck/find-server", zk, 0, zkConfig, profile.Vars{"SERVER_ID": "3"}, good},
		{"zookeeper", "drain/remove-server", zk, 1, "Connecting to localhost:2181\n", nil, terminated},
		{"zookeeper", "until/not-listed", zk, 0, zkConfig, nil, matches},
		{"zookeeper", "until/not-listed", profile.Vars{"SERVER_ID": "2"}, 0, zkConfig, profile.Vars{}, good},
		{"zookeeper", "until/not-listed", zk, 0, "Connecting to localhost:2181\n", nil, differs},

		{"cassandra", "precheck/find-host-id", nil, 0, cassandraInfo, cassandra, good},
		{"cassandra", "precheck/ring-is-quiet", cassandra, 0, cassandraStatus, nil, "output"},
		{"cassandra", "precheck/ring-is-quiet", cassandra, 0, strings.Replace(cassandraStatus, "UL", "UN", 1), profile.Vars{}, good},
		{"cassandra", "precheck/ring-is-quiet", cassandra, 0, strings.Replace(cassandraStatus, "UL", "UN", 1) + "DN  10.0.0.13  ?  256  33.4%  e8b7f3c3-f0b6-44b0-a16f-5c72ad76a345  rack1\n", nil, matches},
		{"cassandra", "drain/mode", nil, 0, "Mode: LEAVING\nNot sending any streams.\n", profile.Vars{"MODE": "LEAVING"}, good},
		{"cassandra", "until/not-listed", cassandra, 0, cassandraStatus, nil, matches},
		{"cassandra", "until/not-listed", cassandra, 0, cassandraGone, profile.Vars{}, good},

		{"elasticsearch", "precheck/find-node", nil, 0, esNode, profile.Vars{"NODE": "es-2", "VOTES": "master"}, good},
		{"elasticsearch", "precheck/find-node", nil, 0, esDataNode, profile.Vars{"NODE": "es-2", "VOTES": ""}, good},
		{"opensearch", "precheck/find-node", nil, 0, strings.Replace(esNode, "master", "cluster_manager", 1), profile.Vars{"NODE": "es-2", "VOTES": "cluster_manager"}, good},
		{"elasticsearch", "precheck/cluster-is-green", nil, 0, esGreen, profile.Vars{}, good},
		{"elasticsearch", "precheck/cluster-is-green", nil, 0, esMoving, nil, differs},
		{"elasticsearch", "precheck/no-other-filter", nil, 0, esSettings, profile.Vars{}, good},
		{"elasticsearch", "precheck/no-other-filter", nil, 0, esFiltered, nil, matches},
		{"elasticsearch", "until/holds-no-shard", es, 0, "logs 0 es-1\nlogs 1 es-20\n", profile.Vars{}, good},
		{"elasticsearch", "until/holds-no-shard", es, 0, "logs 0 es-1\nlogs 1 es-2 -> 10.0.0.1 5qkbR1GNSgmbb4zGl2ZPyw es-0\n", nil, matches},
		{"elasticsearch", "until/holds-no-shard", es, 0, "logs 0 es-2\n", nil, matches},
	} {
		p, err := profile.Find(test.profile)
		if err != nil {
			t.Fatal(err)
		}
		section, name, _ := strings.Cut(test.command, "/")
		found := false
		for _, c := range p.Commands(profile.Section(section)) {
			if c.Name != name {
				continue
			}
			found = true
			captured, problem := c.Read(test.vars, test.code, test.stdout)
			if diff := cmp.Diff(test.captured, captured); diff != "" || !strings.Contains(problem, test.problem) || (problem == "") != (test.problem == "") {
				t.Errorf("%s %s of\n%s\nproblem %q, captured (-want +got)\n%s", test.profile, test.command, test.stdout, problem, diff)
			}
		}
		if !found {
			t.Errorf("%s has no %s", test.profile, test.command)
		}
	}
}

// An until that succeeds with empty output would take lost output for success.
func TestBuiltinProfilesRejectEmptyOutput(t *testing.T) {
	for _, p := range profile.Builtin() {
		if p.Refuse != "" {
			continue
		}
		silent := true
		for _, c := range p.Commands(profile.UntilGone) {
			vars := profile.Vars{}
			for _, name := range []string{"REPLICAS", "TARGET_REPLICAS", "MEMBER_ID", "NODE", "SERVER_ID", "HOST_ID"} {
				vars[name] = "2"
			}
			if _, problem := c.Read(vars, 0, ""); problem != "" {
				silent = false
			}
		}
		if silent {
			t.Errorf("%s: until succeeds with empty output", p.Metadata.Name)
		}
	}
}

func TestFind(t *testing.T) {
	_, err := profile.Find("postgres")
	want := profile.MsgNotFound("postgres", []string{"cassandra", "elasticsearch", "etcd", "minio", "opensearch", "rabbitmq", "zookeeper"})
	if err == nil || err.Error() != want {
		t.Error(err)
	}
}

// A retry of move-leadership succeeds if the first attempt did but its result was lost: etcdctl exits
// with 128 on a member that is no longer the leader.
func TestEtcdMovesLeadershipOnce(t *testing.T) {
	p, err := profile.Find("etcd")
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(p.Drain, func(c profile.Command) bool { return c.Name == "move-leadership" })
	if i < 0 {
		t.Fatal("there is no command move-leadership")
	}
	if !slices.Equal(p.Drain[i].ExitCodes, []int{0, 128}) {
		t.Errorf("move-leadership accepts %v, want 0 and 128", p.Drain[i].ExitCodes)
	}
}
