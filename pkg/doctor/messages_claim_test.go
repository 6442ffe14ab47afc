package doctor

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestClaimMessages(t *testing.T) {
	call := messagetest.Call
	three, four := pods{replicas: 3}, pods{replicas: 4, most: true}
	messagetest.Golden(t, "claim",
		call(msgPods, three), call(msgPods, four), call(msgSharedOncePod, three, "web-data"), call(msgSharedOnce, four, "web-data"), call(msgSharedApart, three, "web-data"),
		call(msgSharedUnknown, three, "web-data", true), call(msgSharedUnknown, three, "web-data", false),
		call(hintOwnClaims, "data"), call(hintStatefulSet, "data"),
		call(msgSurge, "web-data", corev1.ReadWriteOnce), call(msgSurge, "web-data", corev1.ReadWriteOncePod),
		call(msgNotMounted, []string{"data"}), call(msgNotMounted, []string{"data", "logs"}), call(hintMount, "data"),
		call(msgAlphaClass, "data", "fast"), call(hintAlphaClass, "fast"), call(msgBetaClass, "data", "fast"),
		call(msgDeletesOnScale, []string(nil)), call(msgDeletesOnScale, []string{"HPA web", "KEDA ScaledObject web"}), call(msgDeletesOnDelete),
		call(inContainers, []string{"db"}), call(inContainers, []string{"db", "backup"}),
		call(msgDataOnEmptyDir, "PostgreSQL", []string{"db"}, "/var/lib/postgresql/data", "data"),
		call(msgDataOnHostPath, "PostgreSQL", []string{"db"}, "/var/lib/postgresql/data", "data"),
		call(msgDataInContainer, "PostgreSQL", "db", "/var/lib/postgresql/data"), call(msgDatabaseInDeployment, "PostgreSQL", "db", "pgsql"),
		call(hintClaimTemplate, "data"), call(hintMountData, "/var/lib/postgresql/data"),
	)
}
