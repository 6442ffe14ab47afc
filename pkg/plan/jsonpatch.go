package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// patched is what the API server makes of an object and operations of ours on it: a copy,
// or an error where a test fails.
func patched[T any](object *T, ops []PatchOp) (*T, error) {
	before, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	doc, err := decode(before)
	if err != nil {
		return nil, err
	}
	for _, o := range ops {
		if doc, err = o.on(doc, strings.Split(o.Path, "/")[1:]); err != nil {
			return nil, fmt.Errorf("%s %s: %w", o.Op, o.Path, err)
		}
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	after := new(T)
	return after, json.Unmarshal(raw, after)
}

// decode keeps numbers as they are written.
func decode(raw []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	err = d.Decode(&v)
	return v, err
}

var errNoPlace = errors.New("there is no such place")

// on carries the operation out on what lies at the path in doc, and returns doc as it is then.
func (o PatchOp) on(doc any, path []string) (any, error) {
	switch in := doc.(type) {
	case map[string]any:
		key := unescapePointer(path[0])
		if len(path) > 1 {
			inner, err := o.on(in[key], path[1:])
			in[key] = inner
			return in, err
		}
		_, there := in[key]
		switch {
		case o.Op == "test":
			return in, o.test(in[key])
		case o.Op == "remove" && !there:
			return in, errNoPlace
		case o.Op == "remove":
			delete(in, key)
			return in, nil
		}
		value, err := decode(o.Value)
		in[key] = value
		return in, err
	case []any:
		return o.onList(in, path)
	}
	return doc, errNoPlace
}

func (o PatchOp) onList(list []any, path []string) (any, error) {
	at, err := strconv.Atoi(path[0])
	if path[0] == "-" {
		at, err = len(list), nil
	}
	end := len(list)
	if o.Op == "add" && len(path) == 1 {
		end++
	}
	if err != nil || at < 0 || at >= end {
		return list, errNoPlace
	}
	if len(path) > 1 {
		list[at], err = o.on(list[at], path[1:])
		return list, err
	}
	switch o.Op {
	case "test":
		return list, o.test(list[at])
	case "remove":
		return slices.Delete(list, at, at+1), nil
	}
	value, err := decode(o.Value)
	if o.Op == "add" {
		return slices.Insert(list, at, value), err
	}
	list[at] = value
	return list, err
}

// test compares. What is not there is null.
func (o PatchOp) test(have any) error {
	want, err := decode(o.Value)
	if err == nil && !reflect.DeepEqual(have, want) {
		err = fmt.Errorf("it is %v", have)
	}
	return err
}

// unescapePointer reads a JSON pointer segment (RFC 6901).
func unescapePointer(segment string) string {
	return strings.NewReplacer("~1", "/", "~0", "~").Replace(segment)
}
