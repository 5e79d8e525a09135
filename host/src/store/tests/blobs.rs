use std::{collections::HashSet, path::PathBuf};

use tempfile::TempDir;

use crate::store::{Artifact, BlobError, Blobs, DataDir, Digest};

const NATIVE: &[u8] = b"native code";

fn blobs() -> (TempDir, Blobs) {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(&DataDir::open(folder.path()).unwrap()).unwrap();
    (folder, blobs)
}

fn artifact_path(folder: &TempDir, digest: &Digest, engine: &Digest) -> PathBuf {
    folder.path().join(format!("cache/{digest}-{engine}.cwasm"))
}

#[test]
fn a_component_comes_back_as_it_went_in() {
    let (folder, blobs) = blobs();
    let digest = blobs.put_component(b"component").unwrap();
    assert_eq!(digest, Digest::of(b"component"));
    assert_eq!(blobs.put_component(b"component").unwrap(), digest);
    assert_eq!(blobs.component(&digest).unwrap().unwrap(), b"component");
    assert_eq!(blobs.component(&Digest::of(b"another")).unwrap(), None);
    assert_eq!(std::fs::read_dir(folder.path().join("blobs")).unwrap().count(), 1);
}

#[test]
fn a_damaged_component_is_never_returned_and_is_mended_by_storing_it_again() {
    let (folder, blobs) = blobs();
    let digest = blobs.put_component(b"component").unwrap();
    std::fs::write(folder.path().join(format!("blobs/{digest}.wasm")), b"komponent").unwrap();
    assert!(matches!(blobs.component(&digest), Err(BlobError::Damaged { digest: damaged }) if damaged == digest));
    blobs.put_component(b"component").unwrap();
    assert_eq!(blobs.component(&digest).unwrap().unwrap(), b"component");
}

#[test]
fn an_artifact_comes_back_for_its_own_engine_only() {
    let (_folder, blobs) = blobs();
    let (component, engine, other) = (Digest::of(b"component"), Digest::of(b"engine"), Digest::of(b"other engine"));
    assert_eq!(blobs.artifact(&component, &engine).unwrap(), Artifact::Absent);
    blobs.put_artifact(&component, &engine, NATIVE).unwrap();
    assert_eq!(blobs.artifact(&component, &engine).unwrap(), Artifact::Ready(NATIVE.to_vec()));
    assert_eq!(blobs.artifact(&component, &other).unwrap(), Artifact::Absent);
}

#[test]
fn an_artifact_with_any_changed_byte_is_refused_and_removed() {
    let (folder, blobs) = blobs();
    let (component, engine) = (Digest::of(b"component"), Digest::of(b"engine"));
    let path = artifact_path(&folder, &component, &engine);
    blobs.put_artifact(&component, &engine, NATIVE).unwrap();
    let whole = std::fs::read(&path).unwrap();

    let changed = (0..whole.len()).map(|index| {
        let mut bytes = whole.clone();
        bytes[index] ^= 1;
        bytes
    });
    let cut = (0..whole.len()).map(|length| whole[..length].to_vec());
    for bytes in changed.chain(cut).chain([[whole.as_slice(), b"!"].concat()]) {
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(blobs.artifact(&component, &engine).unwrap(), Artifact::Refused);
        assert_eq!(blobs.artifact(&component, &engine).unwrap(), Artifact::Absent);
    }
}

#[test]
fn an_artifact_of_another_component_engine_or_host_is_refused() {
    let ((folder, blobs), (other_folder, other_host)) = (blobs(), self::blobs());
    let (component, engine, other) = (Digest::of(b"component"), Digest::of(b"engine"), Digest::of(b"other"));
    blobs.put_artifact(&component, &engine, NATIVE).unwrap();
    let made = artifact_path(&folder, &component, &engine);
    for (component, engine) in [(other, engine), (component, other), (engine, component)] {
        std::fs::copy(&made, artifact_path(&folder, &component, &engine)).unwrap();
        assert_eq!(blobs.artifact(&component, &engine).unwrap(), Artifact::Refused);
    }
    std::fs::copy(&made, artifact_path(&other_folder, &component, &engine)).unwrap();
    assert_eq!(other_host.artifact(&component, &engine).unwrap(), Artifact::Refused);
    assert_eq!(blobs.artifact(&component, &engine).unwrap(), Artifact::Ready(NATIVE.to_vec()));
}

#[test]
fn a_sweep_removes_what_nothing_refers_to_and_nothing_else() {
    let (folder, blobs) = blobs();
    let (engine, old_engine) = (Digest::of(b"engine"), Digest::of(b"old engine"));
    let (kept, gone) = (blobs.put_component(b"kept").unwrap(), blobs.put_component(b"gone").unwrap());
    for (component, engine) in [(kept, engine), (kept, old_engine), (gone, engine)] {
        blobs.put_artifact(&component, &engine, NATIVE).unwrap();
    }
    std::fs::write(folder.path().join("blobs/README"), "an admin's note").unwrap();

    let mut removed = blobs.sweep(&HashSet::from([kept]), &HashSet::from([engine])).unwrap();
    removed.sort();
    let mut expected = [format!("{gone}.wasm"), format!("{gone}-{engine}.cwasm"), format!("{kept}-{old_engine}.cwasm")];
    expected.sort();
    assert_eq!(removed, expected);
    assert_eq!(blobs.component(&kept).unwrap().unwrap(), b"kept");
    assert_eq!(blobs.artifact(&kept, &engine).unwrap(), Artifact::Ready(NATIVE.to_vec()));
    assert!(folder.path().join("blobs/README").exists());
}
