// Package diagnose says why a replica or a rollout is stuck: [Replica] for one pod, [Rollout] for an
// update that cannot complete by itself. Every reason is one value of [Reasons], with its evidence,
// its grace period and what to do. Also here: the claims whose data is at risk ([ClaimRisks]).
package diagnose
