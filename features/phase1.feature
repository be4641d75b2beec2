Feature: Phase 1: the deployed services do what they are there for
  The roadmap's first phase put three services back on their feet (Grafana, Loki, PostgreSQL) and lists what was
  running beside them. Each rule is one of its criteria, each scenario one promise.
  node-1 to node-8 are the nodes in the order in which the cluster's profile lists them.

  Rule: The cluster is its eight listed nodes, each ready

    @component:nodes @remedy:restart_node_agent
    Scenario: The live nodes are exactly the listed ones
      Then the live nodes are exactly the 8 that the profile lists

    @component:nodes @remedy:restart_node_agent @remedy:uncordon_node
    Scenario Outline: A node is ready, reports in time, takes pods and is under no pressure
      Then <node> is ready
      And <node> has reported within the last 30 seconds
      And <node> takes pods
      And <node> is under no pressure

      Examples:
        | node   |
        | node-1 |
        | node-2 |
        | node-3 |
        | node-4 |
        | node-5 |
        | node-6 |
        | node-7 |
        | node-8 |

    Scenario Outline: A node's clock agrees with the cluster's
      Then the clock of <node> differs by less than 2 seconds from the cluster's

      Examples:
        | node   |
        | node-1 |
        | node-2 |
        | node-3 |
        | node-4 |
        | node-5 |
        | node-6 |
        | node-7 |
        | node-8 |

    @remedy:restart_node_agent
    Scenario: Every node runs the same version
      Then every node runs the same version

    @remedy:reinstall_image
    Scenario Outline: The images that run on a node are made for its machine
      Given the machine of <node>
      Then it has the architecture and page size that the profile lists
      And every image that runs on it is made for its architecture
      And no container on it has stopped over its architecture or page size

      Examples:
        | node   |
        | node-1 |
        | node-2 |
        | node-3 |
        | node-4 |
        | node-5 |
        | node-6 |
        | node-7 |
        | node-8 |

  Rule: No pod is stuck anywhere

    @remedy:recreate_stuck_pods @remedy:restart_node_agent @remedy:reinstall_image @remedy:rollback_workload
    Scenario Outline: No pod stays in a state that it should leave
      Then no pod is <state> for longer than <grace> seconds

      Examples:
        | state            | grace |
        | Terminating      | 60    |
        | Unknown          | 60    |
        | ImagePullBackOff | 60    |
        | CrashLoopBackOff | 90    |
        | Pending          | 120   |

  Rule: The cluster's own services work: names, measurements, storage

    @component:coredns @remedy:recreate_stuck_pods @remedy:restore_workload.coredns @remedy:rollback_workload @remedy:resync.coredns
    Scenario: The cluster's name service is there
      Then CoreDNS runs with every replica

    @needs:coredns @writes @remedy:resync.coredns
    Scenario: A pod finds a service by its name
      When a pod looks up the name of the cluster's own service
      Then it is told that service's address

    @component:metrics-server @remedy:restart_node_agent @remedy:recreate_stuck_pods @remedy:restore_workload.metrics-server @remedy:rollback_workload @remedy:resync.metrics-server
    Scenario: Every node's use of CPU and memory is measured
      Then the use of CPU and memory is known for every node, measured within the last 120 seconds

    @component:storage @remedy:restore_default_class
    Scenario: There is one default storage class, the listed one
      Then the only default storage class is the one that the profile lists

    @needs:storage @writes @remedy:recreate_stuck_pods @remedy:restore_workload.local-path-provisioner @remedy:rollback_workload
    Scenario: A file on the default storage class outlives the pod that wrote it
      Given a volume of the default storage class
      When a pod on a node writes a file into it, and goes
      Then another pod, where the volume can be reached, reads the same file

  Rule: All 8 Longhorn nodes are ready

    @component:longhorn @remedy:recreate_stuck_pods @remedy:restart_node_agent
    Scenario: Every node is a Longhorn node, ready and schedulable
      Given Longhorn is promised or present
      Then each of the 8 nodes is a Longhorn node that is ready and schedulable

    @needs:longhorn @remedy:recreate_stuck_pods
    Scenario: No Longhorn volume is degraded or faulted
      Given Longhorn is promised or present
      Then no Longhorn volume is degraded or faulted

    @needs:longhorn @writes
    Scenario: A file written to Longhorn on one node is read on another
      Given a volume of the replicated storage class
      When a pod on a node writes a file into it, and goes
      Then a pod on another node reads the same file

  Rule: NFS storage is the same from every node

    @writes
    Scenario: A file written to NFS on one node is read on another
      Given a volume of the nfs storage class
      When a pod on a node writes a file into it
      Then a pod on another node reads the same file

  Rule: Traefik leads every host to its service, over TLS

    @component:traefik @remedy:recreate_stuck_pods @remedy:restore_workload.traefik @remedy:rollback_workload @remedy:resync.traefik
    Scenario: Traefik runs, and answers a host that nobody serves with 404
      When a host that nobody serves is asked for
      Then the answer is 404
      And Traefik runs with every replica

    @needs:traefik @remedy:recreate_stuck_pods @remedy:resync.traefik
    Scenario Outline: Traefik answers at every node's address
      When a host that nobody serves is asked for at the address of <node>
      Then the answer is 404

      Examples:
        | node   |
        | node-1 |
        | node-2 |
        | node-3 |
        | node-4 |
        | node-5 |
        | node-6 |
        | node-7 |
        | node-8 |

    @needs:traefik @remedy:resync.traefik
    Scenario: Plain HTTP is sent on to HTTPS
      When a listed host is asked for without TLS
      Then the answer leads to the same host over HTTPS

    @needs:traefik @remedy:renew_certificate
    Scenario: Every listed host has a certificate of its own name that lasts
      Then the certificate of every listed host is trusted and names that host
      And none of them is the ingress's own stand-in
      And each of them is valid for more than 7 days

  @remedy:recreate_stuck_pods @remedy:reinstall_image @remedy:expand_volume @remedy:refresh_config.postgres @remedy:install.postgres
  Rule: PostgreSQL 16 runs as primary, from an image of its node's architecture, within its budget

    @component:postgres
    Scenario: PostgreSQL 16 runs as primary
      Then PostgreSQL runs with every replica
      And PostgreSQL answers that its major version is 16
      And PostgreSQL is the primary

    @needs:postgres
    Scenario: PostgreSQL's image is made for the architecture of its node
      Then the image of PostgreSQL is made for the architecture of its node
      And PostgreSQL says that it was built for that architecture

    @needs:postgres
    Scenario: PostgreSQL refuses a wrong password
      Then PostgreSQL lets nobody in with a wrong password

    @needs:postgres @writes @drill
    Scenario: A row in PostgreSQL survives a restart
      Given a row is written to PostgreSQL
      When PostgreSQL is restarted
      Then the row is read from PostgreSQL within 60 seconds

    @needs:postgres @needs:metrics-server @slow
    Scenario: PostgreSQL at rest stays within its budget of CPU and memory
      Then over 3 measurements PostgreSQL uses at most 50m of CPU and 96Mi of memory

  @remedy:recreate_stuck_pods @remedy:reinstall_image @remedy:expand_volume @remedy:refresh_config.prometheus @remedy:install.prometheus
  Rule: Prometheus scrapes every target on all 8 nodes, and its rules evaluate

    @component:prometheus
    Scenario: Prometheus runs and is ready
      Then Prometheus runs with every replica
      And Prometheus says that it is ready within 30 seconds

    @needs:prometheus
    Scenario: Every target of Prometheus is up
      Then every target of Prometheus is up within 90 seconds

    @needs:prometheus
    Scenario: Every rule of Prometheus evaluates
      Then Prometheus has rules, and each evaluates without error within 90 seconds

    @needs:prometheus
    Scenario: Prometheus holds fresh samples
      Then Prometheus holds a sample less than 60 seconds old within 60 seconds

    @needs:prometheus @writes @drill
    Scenario: What Prometheus has measured survives a restart
      Given a sample that Prometheus holds
      When Prometheus is restarted
      Then Prometheus still holds that sample within 120 seconds

  @remedy:recreate_stuck_pods @remedy:reinstall_image @remedy:install.node-exporter
  Rule: Node Exporter measures every node

    @component:node-exporter
    Scenario: Node Exporter runs on every node
      Then Node Exporter runs on every node

    @needs:node-exporter
    Scenario Outline: Node Exporter tells about its own node
      Then Node Exporter on <node> answers with measurements of that machine

      Examples:
        | node   |
        | node-1 |
        | node-2 |
        | node-3 |
        | node-4 |
        | node-5 |
        | node-6 |
        | node-7 |
        | node-8 |

    @needs:node-exporter @needs:prometheus
    Scenario: Prometheus scrapes Node Exporter on every node
      Then Prometheus scrapes Node Exporter on each of the 8 nodes within 90 seconds

  @remedy:recreate_stuck_pods @remedy:reinstall_image @remedy:install.kube-state-metrics
  Rule: Kube State Metrics tells what the cluster's objects are like

    @component:kube-state-metrics
    Scenario: Kube State Metrics tells about every node
      Then Kube State Metrics runs with every replica
      And Kube State Metrics tells for every node whether it is ready, as the cluster does

    @needs:kube-state-metrics @needs:prometheus
    Scenario: Prometheus knows what Kube State Metrics tells
      Then Prometheus counts 8 nodes from Kube State Metrics within 90 seconds

  @remedy:recreate_stuck_pods @remedy:reinstall_image @remedy:refresh_config.alertmanager @remedy:install.alertmanager
  Rule: Alertmanager receives alerts and resolves them

    @component:alertmanager
    Scenario: Alertmanager runs and is ready
      Then Alertmanager runs with every replica
      And Alertmanager says that it is ready within 30 seconds

    @needs:alertmanager @writes
    Scenario: An alert is received, and resolved
      Given an alert is sent to Alertmanager
      Then Alertmanager lists the alert as active within 15 seconds
      When the alert is sent as resolved
      Then Alertmanager no longer lists the alert within 15 seconds

    @needs:alertmanager @needs:prometheus @remedy:refresh_config.prometheus
    Scenario: Prometheus sends its alerts to Alertmanager
      Then Prometheus knows Alertmanager within 60 seconds
      And the watchdog alert of Prometheus is active in Alertmanager within 120 seconds

  @remedy:recreate_stuck_pods @remedy:reinstall_image @remedy:expand_volume @remedy:refresh_config.loki @remedy:install.loki
  Rule: Loki is running

    @component:loki
    Scenario: Loki runs and is ready
      Then Loki runs with every replica
      And Loki says that it is ready within 60 seconds

    @needs:loki @writes
    Scenario: A line pushed to Loki is read back
      When a line is pushed to Loki
      Then Loki returns that line within 15 seconds

    @needs:loki @writes @drill
    Scenario: A line in Loki survives a restart
      Given a line is pushed to Loki
      When Loki is restarted
      Then Loki returns that line within 90 seconds

  @remedy:recreate_stuck_pods @remedy:reinstall_image @remedy:refresh_config.log-shipper @remedy:install.log-shipper
  Rule: Loki ingests the logs of all 8 nodes

    @component:log-shipper
    Scenario: The log shipper runs on every node
      Then the log shipper runs on every node
      And the log shipper is one that is still maintained

    @needs:log-shipper @needs:loki @writes
    Scenario Outline: A line logged on a node is found in Loki
      When a pod on <node> logs a line
      Then Loki holds that line, labelled with <node>, within 60 seconds

      Examples:
        | node   |
        | node-1 |
        | node-2 |
        | node-3 |
        | node-4 |
        | node-5 |
        | node-6 |
        | node-7 |
        | node-8 |

    @needs:log-shipper @needs:loki @writes
    Scenario: The log shipper sends what every node logs and drops nothing
      Given what the log shipper has sent and dropped on every node
      When a pod on every node logs a line
      Then the log shipper on every node has sent more within 60 seconds
      And the log shipper has dropped nothing more on any node

  @needs:traefik @remedy:recreate_stuck_pods @remedy:reinstall_image @remedy:install.grafana
  Rule: Grafana is accessible at its host

    @component:grafana
    Scenario: Grafana runs, and its database is well
      Then Grafana runs with every replica
      And Grafana says that its database is ok within 60 seconds

    @needs:grafana
    Scenario: Grafana's host leads to the log-in over TLS
      When Grafana is asked for at its host
      Then the answer is 302 and leads to the log-in

    @needs:grafana
    Scenario: The administrator can log in to Grafana
      Then Grafana lets the administrator in

    @needs:grafana @writes
    Scenario: Grafana refuses a wrong password
      Given a user of Grafana's own
      Then Grafana lets that user in with the right password
      And Grafana lets that user in with no other password

    @needs:grafana @writes @drill
    Scenario: An annotation in Grafana survives a restart
      Given an annotation is written in Grafana
      When Grafana is restarted
      Then Grafana returns that annotation within 90 seconds

  @needs:traefik @remedy:recreate_stuck_pods @remedy:reprovision_grafana @remedy:install.grafana
  Rule: All monitoring dashboards are functional

    @needs:grafana @needs:prometheus @needs:loki @needs:alertmanager
    Scenario: Every data source of Grafana is healthy
      Then Grafana has every data source that the profile lists
      And every data source of Grafana is healthy

    @needs:grafana @needs:prometheus @needs:loki
    Scenario: Every panel of every provisioned dashboard answers
      Then Grafana has every dashboard that the profile lists
      And every panel of every dashboard answers its query without error
      And every dashboard shows data

  @needs:traefik @remedy:recreate_stuck_pods @remedy:reinstall_image @remedy:install.code-server
  Rule: Code Server logs in

    @component:code-server
    Scenario: Code Server runs and is well
      Given Code Server can be had
      Then Code Server runs with every replica
      And Code Server says that it is well within 60 seconds

    @needs:code-server
    Scenario: Code Server opens with its password, and with no other
      Given Code Server can be had
      Then Code Server opens with its password
      And Code Server stays shut with a wrong password

    @needs:code-server @writes @drill
    Scenario: A file in Code Server survives a restart
      Given Code Server can be had
      And a file is written in Code Server's home
      When Code Server is restarted
      Then the file is read in Code Server's home within 60 seconds
