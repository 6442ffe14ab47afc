package supervisor

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// volumeRoot is where the host-path provisioner of kube-controller-manager
// puts volumes. The place is fixed there, and all clusters of a machine share
// it, so it can't be removed as a whole.
const volumeRoot = "/tmp/hostpath_pv"

// provisioner is the account that kube-controller-manager makes volumes with.
const provisioner = "system:serviceaccount:kube-system:persistent-volume-binder"

// removeVolumes deletes the folders of the volumes that one cluster has
// provisioned. The audit log is asked which those are, because by now there is
// no API server left to ask. A volume that was made in the very moment in which a
// cluster was killed may not be in it, and its empty folder stays.
func removeVolumes(auditLog string) error {
	log, err := os.Open(auditLog)
	if os.IsNotExist(err) || auditLog == "" {
		return nil
	}
	if err != nil {
		return err
	}
	defer log.Close()
	lines := bufio.NewReaderSize(log, 1<<20)
	for {
		line, readErr := lines.ReadBytes('\n')
		if path := provisioned(line); path != "" {
			if err := os.RemoveAll(path); err != nil {
				return fmt.Errorf("remove a volume: %w", err)
			}
		}
		if readErr != nil {
			break
		}
	}
	// The last cluster to leave takes the shared folder along; Remove refuses
	// while there is anything in it, and that is what is wanted.
	_ = os.Remove(volumeRoot)
	return nil
}

// provisioned is the folder of the volume whose making this line records, or "".
func provisioned(line []byte) string {
	if !bytes.Contains(line, []byte(volumeRoot)) {
		return ""
	}
	var event struct {
		Verb          string
		User          struct{ Username string }
		ObjectRef     struct{ Resource string }
		RequestObject struct {
			Spec struct {
				HostPath struct{ Path string }
			}
		}
	}
	if json.Unmarshal(line, &event) != nil ||
		event.Verb != "create" || event.ObjectRef.Resource != "persistentvolumes" || event.User.Username != provisioner {
		return ""
	}
	path := filepath.Clean(event.RequestObject.Spec.HostPath.Path)
	if !strings.HasPrefix(path, volumeRoot+"/") {
		return ""
	}
	return path
}
