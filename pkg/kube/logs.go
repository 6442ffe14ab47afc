package kube

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// logTimeout and logLimit bound what is read of a log: it is shown to a person.
const (
	logTimeout = 5 * time.Second
	logLimit   = 1 << 20 // bytes, from the first of the lines
)

// noLog is what a kubelet answers, with a good status, of a container that it has
// removed.
const noLog = "unable to retrieve container logs for "

// Logs reads the last lines of a container's log, of the run before the present one
// with previous.
func (c *Client) Logs(ctx context.Context, namespace, pod, container string, previous bool, tail int64) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, logTimeout)
	defer cancel()
	limit := int64(logLimit)
	stream, err := c.kube.CoreV1().Pods(namespace).GetLogs(pod, &corev1.PodLogOptions{
		Container: container, Previous: previous, TailLines: &tail, LimitBytes: &limit,
	}).Stream(ctx)
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return nil, errors.New(status.Status().Message)
	}
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	raw, err := io.ReadAll(stream)
	if err != nil {
		return nil, err
	}
	text := strings.TrimRight(strings.ToValidUTF8(string(raw), "\uFFFD"), "\n")
	switch {
	case text == "":
		return nil, nil
	case strings.HasPrefix(text, noLog):
		return nil, errors.New(text)
	}
	return strings.Split(text, "\n"), nil
}
