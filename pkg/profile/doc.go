// Package profile describes how a member leaves its cluster before its pod is removed, and how one
// joins: as data, one YAML file per system.
//
// A [Profile] holds lists of [Command]s. This package reads profiles strictly
// ([Parse]), finds the one for a StatefulSet ([Detect]), and turns a command into
// an argument list ([Command.Argv]) and its output into values that later commands
// may use ([Command.Read]). It runs nothing: a runner checks [Command.Wanted] first.
//
// The rules for a runner:
//
//   - precheck only reads. Its commands run before anything is changed, and may be run
//     again. What they capture is known to drain, until, cancel and after; every other
//     capture only to later commands of its own section. So the captures of precheck have
//     to be recorded.
//   - until also runs before drain when an interrupted drain is resumed: if it succeeds,
//     the member has left and drain does not run again.
//   - every command of drain and join may be run again after it was interrupted. The last
//     one of drain may lose its connection: until decides.
//   - [Survivor] is a ready member that stays, [Leaving] and [Joining] are the member
//     that leaves or joins: $(POD_NAME) and $(ORDINAL).
package profile
