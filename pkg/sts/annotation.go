package sts

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// EncodeAnnotation writes a record as an annotation's value.
func EncodeAnnotation(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // our own types, which always marshal
	}
	return string(raw)
}

// Digest is a hash of the value's JSON.
func Digest(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // API types and our own, which always marshal
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:8])
}
