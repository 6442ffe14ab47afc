package ststest

import (
	"fmt"
	"sync"
)

// Kinds are the kinds of things that one random world, or one object in it, reaches.
type Kinds map[string]bool

// Reached counts how many random worlds, or objects in them, reach each kind. A kind that is no
// longer reached is no longer tested, and no other failure would tell.
type Reached struct {
	mu    sync.Mutex
	count map[string]int
}

// Add counts one world or object.
func (r *Reached) Add(kinds Kinds) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.count == nil {
		r.count = map[string]int{}
	}
	for kind, reached := range kinds {
		if reached {
			r.count[kind]++
		}
	}
}

// Rare are those of the kinds that were reached less often, with their numbers.
func (r *Reached) Rare(least int, kinds []string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, kind := range kinds {
		if n := r.count[kind]; n < least {
			out = append(out, fmt.Sprintf("%s (%d)", kind, n))
		}
	}
	return out
}
