package print

import (
	"testing"
	"time"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func TestMessagesOfPlan(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "plan",
		call(msgNothingHappens, "web"),
		call(msgSteps, "web", 12, 90*time.Second, 20*time.Second, 10*time.Second),
		call(msgStep, "web-3", "created with app:v2", 1, false),
		call(msgStep, "web-3 and web-4", "created with app:v2", 2, true),
		call(msgStep, "web-3 and web-4", "deleted for the update", 0, true),
		call(msgOmitted, 312, []sts.Ordinal{0, 1, 2, 3, 4, 5}, 40*time.Minute),
		call(msgClaimsTitle),
		call(msgNamesTitle, "web.shop.svc.cluster.local"),
		call(msgBudgetsTitle),
		call(msgBudgetAllows, 1),
		call(msgBudgetAllows, 2),
		call(msgBudgetAllows, 3),
		call(msgBudgetBlocks, 2, 4, "web-2", 30*time.Second, msgBudgetNumbers(3, 3, 4)),
		call(msgBudgetBlocks, 1, 1, "web-2", 30*time.Second, msgBudgetNumbers(2, 2, 3)),
		call(msgBudgetBlocksAll, msgBudgetNumbers(3, 3, 3)),
		call(msgBudgetNumbers, 2, 2, 3),
		call(msgBudgetNumbers, 0, 0, 0),
		call(msgPictureTitle, "shop", "web", "replicas: 3 → 5"),
		call(msgPictureOfNothing),
		call(msgPictureOfCreation),
		call(msgPictureOfNextSteps),
		call(msgPictureTimes, "20s", "10s"),
		call(msgLegendNotReady),
		call(msgLegendTerminating),
		call(msgLegendStuck),
		call(msgLegendClaim),
		call(msgLegendArrow),
		call(msgPodReady, "web-2", "web-5d9c", false),
		call(msgPodNotReady, "web-2", "web-5d9c", false),
		call(msgPodNotReady, "web-2", "web-5d9c", true),
		call(msgPodTerminating, "web-2", "web-5d9c", false),
		call(msgPodTerminating, "web-2", "web-5d9c", true),
	)
}
