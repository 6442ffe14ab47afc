// Package profile says how a member leaves its cluster for good before its pod is
// removed, and how one joins: as data, one YAML file per system.
//
// A [Profile] holds lists of [Command]s. This package reads profiles strictly
// ([Parse]), finds the one for a StatefulSet ([Detect]), and turns a command into
// an argument list ([Command.Argv]) and its output into values that later commands
// may use ([Command.Read]). It runs nothing: whoever runs a command asks
// [Command.Wanted] first.
//
// What a runner has to keep to:
//
//   - precheck only looks. Its commands are run before anything is changed, and may
//     be run again. What they capture is known to drain, until, cancel and after;
//     every other capture only to what comes later in its own section. So the
//     precheck's captures are what has to outlive a command that was killed.
//   - until is asked before drain too when an interrupted drain is taken up again:
//     where it holds already, the member has left and drain is not run twice.
//   - every command of drain and join may be run again after it was cut off. The last
//     one of drain may lose its connection: until decides.
//   - [Survivor] is a Ready member that stays, [Leaving] and [Joining] are the member
//     that this is about: $(POD_NAME) and $(ORDINAL).
package profile
