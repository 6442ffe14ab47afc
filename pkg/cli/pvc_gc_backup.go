package cli

import (
	"errors"
	"os"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// tryBackup checks whether files can be written in the folder.
func tryBackup(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(dir, ".kubectl-sts-*")
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

// backup writes the claim, so that it can be recreated, and its volume to a folder for their
// namespace. An existing file is from an earlier deletion and stays.
func backup(dir string, c *corev1.PersistentVolumeClaim, v *corev1.PersistentVolume) error {
	folder := filepath.Join(dir, c.Namespace)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	raw, err := yaml.Marshal(sts.Restorable(c))
	if err != nil {
		return err
	}
	if v != nil {
		volume := v.DeepCopy()
		volume.ManagedFields = nil
		volume.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "PersistentVolume"}
		more, err := yaml.Marshal(volume)
		if err != nil {
			return err
		}
		raw = append(append(raw, "---\n"...), more...)
	}
	path := filepath.Join(folder, c.Name+"."+string(c.UID)+".yaml")
	if _, err := os.Lstat(path); err == nil {
		return nil // by a command that was killed right after
	}
	// It gets its name when it is complete: the next command relies on it.
	file, err := os.CreateTemp(folder, ".kubectl-sts-*")
	if err != nil {
		return err
	}
	_, err = file.Write(raw)
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return err
}
