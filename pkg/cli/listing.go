package cli

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// listing shows the progress of a long list: on a terminal in one line, elsewhere in a line
// now and then.
type listing struct {
	env    *Env
	screen *screen
	every  time.Duration

	mu     sync.Mutex
	next   time.Time
	counts map[string]int
}

func newListing(env *Env) *listing {
	l := &listing{env: env, screen: newScreen(env), every: 5 * time.Second, counts: map[string]int{}}
	if l.screen.terminal {
		l.every = time.Second
	}
	l.next = env.Clock.Now().Add(l.every)
	return l
}

// seen is called by the readers, from several goroutines.
func (l *listing) seen(resource string, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[resource] = n
	now := l.env.Clock.Now()
	if now.Before(l.next) {
		return
	}
	l.next = now.Add(l.every)
	var parts []string
	for _, r := range slices.Sorted(maps.Keys(l.counts)) {
		parts = append(parts, fmt.Sprintf("%d %s", l.counts[r], r))
	}
	text := msgListing(parts)
	l.screen.over(text)
	l.screen.beat(text)
}
