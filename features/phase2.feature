Feature: Phase 2: backups that are proven by restoring them
  The roadmap's second phase stores backups in the cluster, makes them by schedule, and says that a restore worked
  once. Here every backup is shown to be there, to be whole, and to come back. Each rule is one of its criteria.
  node-1 to node-8 are the nodes in the order in which the cluster's profile lists them; daily and weekly are the
  schedules that it lists.

  @remedy:recreate_stuck_pods @remedy:reinstall_image @remedy:expand_volume @remedy:restore_workload.object-store @remedy:install.object-store
  Rule: The object store does what S3 promises

    @component:object-store
    Scenario: The object store runs, and lists its buckets
      Then the object store runs with every replica
      And the object store lists its buckets within 30 seconds

    @needs:object-store @writes
    Scenario: What is put into the object store comes back unchanged
      Given a bucket of our own in the object store
      When an object of 1 MiB is put with its checksum
      Then the object comes back with the same bytes and the same checksum
      And the object store refuses an object whose checksum is wrong

    @needs:object-store @writes
    Scenario: A large object is put in parts
      Given a bucket of our own in the object store
      When an object of 16 MiB is put in parts of 5 MiB
      Then the object comes back with the same bytes
      And a part of the object comes back when only that is asked for
      And of an upload that was given up nothing is left

    @needs:object-store @writes
    Scenario: What the object store lists is what was put
      Given a bucket of our own in the object store
      When 25 objects in 5 folders are put
      Then the object store lists these objects, page by page
      And the object store lists these folders

    @needs:object-store @writes
    Scenario: A presigned address lets its bearer read, and nobody else
      Given a bucket of our own in the object store
      When an object of 1 MiB is put with its checksum
      Then a presigned address of the object is answered with it
      And the object store refuses that address once it was tampered with
      And the object store refuses whoever has no key

    @needs:object-store @writes
    Scenario: What was overwritten or deleted comes back in a bucket with versions
      Given a bucket of our own in the object store, with versions
      When an object is put, overwritten and deleted
      Then the object is gone
      And both of its versions come back
      And without the mark of its deletion the object is there again

    @needs:object-store @writes
    Scenario: What is deleted from the object store is gone
      Given a bucket of our own in the object store
      When an object is put and deleted
      Then the object is gone
      And the object store no longer lists it

    @needs:object-store
    Scenario: The object store refuses a wrong key
      Then the object store refuses the right user with a wrong key
      And the object store refuses a user that it doesn't know

    @needs:object-store @writes @drill
    Scenario: An object survives a restart of the object store
      Given a bucket of our own in the object store
      When an object of 1 MiB is put with its checksum
      And the object store is restarted
      Then the object comes back with the same bytes within 120 seconds

  @needs:object-store @remedy:restore_bucket @remedy:install.object-store
  Rule: The backups have a bucket, with its quota and its lifecycle

    @component:backup-bucket
    Scenario: The bucket of the backups is there
      Then the bucket of the backups is there

    @needs:backup-bucket
    Scenario: The bucket of the backups has its quota
      Then the bucket of the backups has the quota that the profile lists

    @needs:backup-bucket
    Scenario: The bucket of the backups gives up forgotten uploads, and expires no backup
      Then the bucket of the backups has the lifecycle that the profile lists
      And no rule of the bucket of the backups expires what Velero still counts on

  @needs:backup-bucket @remedy:recreate_stuck_pods @remedy:reinstall_image @remedy:restore_workload.velero @remedy:refresh_config.velero @remedy:install.velero
  Rule: Velero runs, with an agent on every node and its storage in reach

    @component:velero
    Scenario: Velero runs
      Then Velero runs with every replica

    @needs:velero @component:node-agent
    Scenario: Velero's agent runs on every node
      Then the node agent runs on every node

    @needs:velero @component:backup-location
    Scenario: The storage location of the backups is available
      Then the storage location of the backups is available, validated within the last 5 minutes
      And the storage location is the bucket of the backups

    @needs:backup-location @remedy:renew_repository
    Scenario: Every repository of volumes can be opened
      Then every repository of volumes is ready

    @needs:velero @remedy:fail_stuck_backup
    Scenario: No backup and no restore is stuck half-way
      Then no backup and no restore is under way for longer than 4 hours, or with nobody at work on it

  @needs:velero @needs:backup-location @needs:node-agent @remedy:restore_schedule @remedy:restore_workload.object-store @remedy:install.velero
  Rule: The schedules are exactly the listed ones, and their backups are young enough and complete

    Scenario: The schedules are the listed ones
      Then the schedules of the backups are exactly those that the profile lists

    Scenario Outline: A schedule is as the profile says, and enabled
      Then the schedule <schedule> is at the times, for as long, and of the namespaces that the profile says
      And the schedule <schedule> is enabled

      Examples:
        | schedule |
        | daily    |
        | weekly   |

    @remedy:rerun_schedule
    Scenario Outline: The last backup of a schedule is young enough and complete
      Then the last backup of the schedule <schedule> is as young as its times allow
      And the last backup of the schedule <schedule> is complete, without an error

      Examples:
        | schedule |
        | daily    |
        | weekly   |

    @writes @slow @alone
    Scenario Outline: A backup made from a schedule now is complete
      When a backup is made from the schedule <schedule>
      Then that backup is complete within 30 minutes, without an error
      And it holds every namespace that the schedule includes, and none that it excludes
      And it holds every volume of their pods, whole
      And it will be kept for as long as the schedule says, had it been the schedule's own

      Examples:
        | schedule |
        | daily    |
        | weekly   |

  @needs:velero @needs:backup-location @needs:node-agent @remedy:restore_workload.object-store @remedy:refresh_config.velero @remedy:install.velero
  Rule: What is lost is restored from its backup: within 30 seconds backed up, within 20 seconds restored

    @writes @slow @alone
    Scenario: A deleted namespace comes back from its backup, with every row
      Given a database of 50 MB in a namespace of its own
      When the namespace is backed up
      And the namespace is deleted, and restored
      Then the database has the same rows and checksums
      And over the last runs the backup took at most 30 seconds
      And over the last runs the restore took at most 20 seconds

    @writes @slow
    Scenario: A backup is restored into another namespace, beside what it was made of
      Given a database of 5 MB in a namespace of its own
      When the namespace is backed up
      And the backup is restored into another namespace
      Then both databases have the same rows and checksums

    @writes
    Scenario: A single object is restored, and nothing else is touched
      Given two settings in a namespace of their own
      When the namespace is backed up
      And both settings are changed, and the one is deleted and restored
      Then the one setting is as it was
      And the other setting is as it was changed

  # --- G: etcd, dumps, off-site, encryption, Longhorn's target, monitoring, the guide

  Rule: etcd is snapshotted every six hours, 48 snapshots are kept, and each can be restored

    @component:etcd-snapshots @remedy:recreate_stuck_pods @remedy:configure_etcd_snapshots @remedy:install.etcd-snapshots
    Scenario: Snapshots of etcd are taken every six hours, and 48 are kept
      Then etcd is snapshotted every 6 hours
      And 48 snapshots of etcd are kept

    @remedy:configure_etcd_snapshots
    Scenario: The settings for snapshots that are written down are the ones that run
      Given K3s takes the snapshots of etcd
      Then every server runs with the settings for snapshots that its files hold

    @needs:etcd-snapshots @remedy:back_up_now.etcd-snapshots
    Scenario: The newest snapshot of etcd is younger than six hours
      Then the newest snapshot of etcd is younger than 6 hours and 30 minutes

    @needs:etcd-snapshots @remedy:back_up_now.etcd-snapshots
    Scenario: Every snapshot of etcd is whole
      Then every snapshot of etcd is whole
      And there are at most 48 of them on a machine

    @needs:etcd-snapshots @remedy:back_up_now.etcd-snapshots
    Scenario: The newest snapshot of etcd can be restored
      Given what tells this cluster's etcd from every other
      When the newest snapshot of etcd is restored into an etcd of its own
      Then the restored etcd is this cluster's

    @needs:etcd-snapshots @writes @remedy:install.etcd-snapshots
    Scenario: A snapshot of etcd holds what the cluster held
      Given an object that is written to the cluster
      When a snapshot of etcd is taken now
      And the newest snapshot of etcd is restored into an etcd of its own
      Then the restored etcd holds that object
      And the restored etcd holds every key and value that the live one held then

  Rule: PostgreSQL is dumped every night, and the newest dump can be restored

    @component:postgres-backup @remedy:recreate_stuck_pods @remedy:reinstall_image @remedy:install.postgres-backup
    Scenario: Every database of PostgreSQL is dumped each night
      Then the dump of PostgreSQL is scheduled at least every 24 hours, and not suspended

    @needs:postgres-backup @needs:postgres @remedy:back_up_now.postgres-backup
    Scenario: The newest dump of PostgreSQL is young enough
      Then the newest dump of PostgreSQL is younger than 26 hours
      And the dump of PostgreSQL last succeeded less than 26 hours ago

    @needs:postgres-backup @needs:postgres @remedy:back_up_now.postgres-backup
    Scenario: The newest dumps of PostgreSQL are whole
      Then the newest dumps of PostgreSQL are whole

    @needs:postgres-backup @needs:postgres @writes @remedy:back_up_now.postgres-backup
    Scenario: The newest dump of PostgreSQL is restored, and is the same
      When every database of the newest dump is restored into one of its own
      Then each has the tables, rows and contents that it had when it was dumped

    @needs:postgres-backup @needs:postgres @writes @remedy:install.postgres-backup
    Scenario: A row that is written now is in the dump that is made now
      Given a row is written to PostgreSQL
      When PostgreSQL is dumped now
      And every database of the newest dump is restored into one of its own
      Then each has the tables, rows and contents that it had when it was dumped
      And the row is in the restored database

  @needs:object-store
  Rule: The backups are copied off site every day, complete and sealed

    @component:offsite-store @remedy:recreate_stuck_pods @remedy:restore_workload.offsite-store @remedy:install.offsite-store
    Scenario: The store that is off site has the bucket of the copies
      Then the off-site store has the bucket of the copies within 30 seconds

    @component:offsite-copy @needs:offsite-store @remedy:install.offsite-copy
    Scenario: The backups are copied off site every day
      Then the copy off site is scheduled at least every 24 hours, and not suspended

    @needs:offsite-copy @remedy:back_up_now.offsite-copy
    Scenario: The newest copy off site is young enough
      Then the copy off site last succeeded less than 26 hours ago

    @needs:offsite-copy @writes @remedy:back_up_now.offsite-copy
    Scenario: Everything is off site, and the same
      Then everything that was there at the last copy is off site, and the same

    @needs:offsite-copy @writes @remedy:install.offsite-copy
    Scenario: What is stored now comes back from off site, where nobody can read it
      Given an object that is stored beside the backups
      When the backups are copied off site now
      Then the object comes back from off site unchanged
      And off site neither its name nor its text can be read without the seal

  @needs:velero @needs:object-store
  Rule: What is stored of volumes is encrypted, with a password of ours

    Scenario: The repositories open with our password, and with no other
      Then the password of the backups' repositories is ours, and older than any of them
      And every repository opens with it
      And none of them opens with another, nor with the one that everybody knows

    @needs:node-agent @needs:backup-location @writes @slow @remedy:install.velero
    Scenario: What is stored of a volume can't be read without the password
      Given a text of our own in a file on a volume, and another in a setting
      When the namespace is backed up
      Then no stored byte shows the text of the file
      But the text of the setting is seen by whoever can read the bucket

  Rule: Longhorn backs its volumes up to a target of its own

    Scenario: The backup target of Longhorn is available
      Given Longhorn is promised or present
      Then the backup target of Longhorn is set and available

    Scenario: Every volume of Longhorn was backed up within a day
      Given Longhorn is promised or present
      Then every volume of Longhorn was backed up less than 26 hours ago
      And no backup of Longhorn's has failed since

  @needs:prometheus @needs:kube-state-metrics @remedy:refresh_config.prometheus @remedy:install.prometheus @remedy:install.kube-state-metrics
  Rule: The backups are watched: measured, shown, and alerted on

    Scenario Outline: What is backed up is measured
      Then Prometheus measures the backups of <service> within 60 seconds

      Examples:
        | service         |
        | velero          |
        | etcd-snapshots  |
        | postgres-backup |
        | offsite-copy    |

    @needs:alertmanager @writes @slow
    Scenario: A backup that failed raises an alert, until it is mended
      Given a backup of our own that failed
      Then the alert about it is active in Alertmanager within 120 seconds
      When that is mended
      Then the alert about it is resolved within 120 seconds

    @needs:alertmanager @writes @slow
    Scenario: A backup that is too old raises an alert, until it is mended
      Given a daily backup of our own whose last success is three days ago
      Then the alert about it is active in Alertmanager within 120 seconds
      When that is mended
      Then the alert about it is resolved within 120 seconds

    @needs:alertmanager @needs:velero @writes @slow
    Scenario: A storage location that can't be reached raises an alert, until it is mended
      Given a storage location of our own that can't be reached
      Then the alert about it is active in Alertmanager within 300 seconds
      When that is mended
      Then the alert about it is resolved within 180 seconds

    @needs:grafana @needs:traefik @remedy:reprovision_grafana @remedy:install.grafana
    Scenario: Grafana shows how the backups are
      Then the dashboard of the backups shows data, and every panel of it answers

  @remedy:restore_workload.postgres-backup @remedy:install.postgres-backup @remedy:install.offsite-copy
  Rule: The guide says how each kind of backup comes back, and its commands work

    @needs:velero @needs:postgres-backup @needs:etcd-snapshots @needs:offsite-copy
    Scenario: What the guide looks at can be looked at
      When the commands of the guide that only look are run
      Then each of them works

    @needs:velero @needs:postgres-backup @needs:etcd-snapshots @needs:offsite-copy @writes
    Scenario: What the guide would change the cluster would let it change
      When the commands of the guide that change something are put to the API server
      Then each of them works

    @needs:postgres-backup @needs:postgres @writes
    Scenario: A database is restored as the guide says
      When the guide's restore of a database is carried out beside the live one
      Then each of them works
      And the restored database is the same as when it was dumped
