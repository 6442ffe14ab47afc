package render

import (
	"testing"
	"time"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func TestForecastMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "forecast",
		call(msgForecastNothingHappens, "web"),
		call(msgForecastSteps, "web", 12, 90*time.Second, 20*time.Second, 10*time.Second),
		call(msgForecastStep, "web-3", "created with app:v2", 1, false),
		call(msgForecastStep, "web-3 and web-4", "created with app:v2", 2, true),
		call(msgForecastStep, "web-3 and web-4", "deleted for the update", 0, true),
		call(msgForecastOmitted, 312, []sts.Ordinal{0, 1, 2, 3, 4, 5}, 40*time.Minute),
		call(msgForecastClaimsTitle),
		call(msgForecastNamesTitle, "web.shop.svc.cluster.local"),
		call(msgForecastBudgetsTitle),
		call(msgForecastBudgetAllows, 1),
		call(msgForecastBudgetAllows, 2),
		call(msgForecastBudgetAllows, 3),
		call(msgForecastBudgetBlocks, 2, 4, "web-2", 30*time.Second, msgForecastBudgetNumbers(3, 3, 4)),
		call(msgForecastBudgetBlocks, 1, 1, "web-2", 30*time.Second, msgForecastBudgetNumbers(2, 2, 3)),
		call(msgForecastBudgetBlocksAll, msgForecastBudgetNumbers(3, 3, 3)),
		call(msgForecastBudgetNumbers, 2, 2, 3),
		call(msgForecastBudgetNumbers, 0, 0, 0),
		call(msgForecastPictureTitle, "shop", "web", "replicas: 3 → 5"),
		call(msgForecastPictureOfNothing),
		call(msgForecastPictureOfCreation),
		call(msgForecastPictureOfNextSteps),
		call(msgForecastPictureTimes, "20s", "10s"),
		call(msgForecastLegendNotReady),
		call(msgForecastLegendTerminating),
		call(msgForecastLegendStuck),
		call(msgForecastLegendClaim),
		call(msgForecastLegendArrow),
		call(msgForecastPodReady, "web-2", "web-5d9c", false),
		call(msgForecastPodNotReady, "web-2", "web-5d9c", false),
		call(msgForecastPodNotReady, "web-2", "web-5d9c", true),
		call(msgForecastPodTerminating, "web-2", "web-5d9c", false),
		call(msgForecastPodTerminating, "web-2", "web-5d9c", true),
	)
}
