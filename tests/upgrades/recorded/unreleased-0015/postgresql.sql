SELECT pg_catalog.set_config('search_path', '', false);
CREATE TABLE public.alembic_version (
    version_num text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.compute_aggregates (
    id bigint NOT NULL,
    uuid text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    metadata text NOT NULL COLLATE pg_catalog."C",
    hosts text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE SEQUENCE public.compute_aggregates_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.compute_aggregates_id_seq OWNED BY public.compute_aggregates.id;
CREATE TABLE public.compute_flavor_access (
    flavor_pk bigint NOT NULL,
    project_id text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.compute_flavors (
    id bigint NOT NULL,
    flavor_id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    description text COLLATE pg_catalog."C",
    vcpus bigint NOT NULL,
    ram bigint NOT NULL,
    disk bigint NOT NULL,
    ephemeral bigint NOT NULL,
    swap bigint NOT NULL,
    rxtx_factor double precision NOT NULL,
    is_public boolean NOT NULL,
    disabled boolean NOT NULL,
    extra_specs text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE SEQUENCE public.compute_flavors_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.compute_flavors_id_seq OWNED BY public.compute_flavors.id;
CREATE TABLE public.compute_host_requests (
    id text NOT NULL COLLATE pg_catalog."C",
    host text NOT NULL COLLATE pg_catalog."C",
    server_id text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    params text NOT NULL COLLATE pg_catalog."C",
    answer text COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL
);
CREATE TABLE public.compute_hosts (
    id bigint NOT NULL,
    host text NOT NULL COLLATE pg_catalog."C",
    uuid text NOT NULL COLLATE pg_catalog."C",
    service_uuid text NOT NULL COLLATE pg_catalog."C",
    facts text NOT NULL COLLATE pg_catalog."C",
    host_ip text NOT NULL COLLATE pg_catalog."C",
    disabled boolean NOT NULL,
    disabled_reason text COLLATE pg_catalog."C",
    forced_down boolean NOT NULL,
    reported_at timestamp without time zone,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE SEQUENCE public.compute_hosts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.compute_hosts_id_seq OWNED BY public.compute_hosts.id;
CREATE TABLE public.compute_keypairs (
    id bigint NOT NULL,
    user_id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    type text NOT NULL COLLATE pg_catalog."C",
    fingerprint text NOT NULL COLLATE pg_catalog."C",
    public_key text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE SEQUENCE public.compute_keypairs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.compute_keypairs_id_seq OWNED BY public.compute_keypairs.id;
CREATE TABLE public.compute_server_group_members (
    server_id text NOT NULL COLLATE pg_catalog."C",
    group_id text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.compute_server_groups (
    number bigint NOT NULL,
    id text NOT NULL COLLATE pg_catalog."C",
    project_id text NOT NULL COLLATE pg_catalog."C",
    user_id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    policy text NOT NULL COLLATE pg_catalog."C",
    rules text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE SEQUENCE public.compute_server_groups_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.compute_server_groups_number_seq OWNED BY public.compute_server_groups.number;
CREATE TABLE public.compute_server_tags (
    server_id text NOT NULL COLLATE pg_catalog."C",
    tag text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.compute_servers (
    number bigint NOT NULL,
    id text NOT NULL COLLATE pg_catalog."C",
    project_id text NOT NULL COLLATE pg_catalog."C",
    user_id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    description text COLLATE pg_catalog."C",
    hostname text NOT NULL COLLATE pg_catalog."C",
    reservation_id text NOT NULL COLLATE pg_catalog."C",
    launch_index bigint NOT NULL,
    flavor_id text NOT NULL COLLATE pg_catalog."C",
    flavor text NOT NULL COLLATE pg_catalog."C",
    vcpus bigint NOT NULL,
    memory_mb bigint NOT NULL,
    disk_gb bigint NOT NULL,
    image_id text COLLATE pg_catalog."C",
    image text NOT NULL COLLATE pg_catalog."C",
    key_name text COLLATE pg_catalog."C",
    key text COLLATE pg_catalog."C",
    user_data text COLLATE pg_catalog."C",
    files text NOT NULL COLLATE pg_catalog."C",
    config_drive boolean NOT NULL,
    metadata text NOT NULL COLLATE pg_catalog."C",
    security_groups text NOT NULL COLLATE pg_catalog."C",
    access_ip_v4 text COLLATE pg_catalog."C",
    access_ip_v6 text COLLATE pg_catalog."C",
    disk_config text NOT NULL COLLATE pg_catalog."C",
    pinned_zone text COLLATE pg_catalog."C",
    scheduler_hints text NOT NULL COLLATE pg_catalog."C",
    locked_by text COLLATE pg_catalog."C",
    locked_reason text COLLATE pg_catalog."C",
    password text COLLATE pg_catalog."C",
    host text COLLATE pg_catalog."C",
    zone text COLLATE pg_catalog."C",
    desired_power text NOT NULL COLLATE pg_catalog."C",
    delete_requested_at timestamp without time zone,
    generation bigint NOT NULL,
    observed_power text COLLATE pg_catalog."C",
    observed_vifs text NOT NULL COLLATE pg_catalog."C",
    observed_at timestamp without time zone,
    vm_state text NOT NULL COLLATE pg_catalog."C",
    task_state text COLLATE pg_catalog."C",
    power_state bigint NOT NULL,
    fault text COLLATE pg_catalog."C",
    has_error boolean NOT NULL,
    launched_at timestamp without time zone,
    terminated_at timestamp without time zone,
    deleted_at timestamp without time zone,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE SEQUENCE public.compute_servers_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.compute_servers_number_seq OWNED BY public.compute_servers.number;
CREATE TABLE public.identity_access_rules (
    id text NOT NULL COLLATE pg_catalog."C",
    user_id text NOT NULL COLLATE pg_catalog."C",
    service text NOT NULL COLLATE pg_catalog."C",
    path text NOT NULL COLLATE pg_catalog."C",
    method text NOT NULL COLLATE pg_catalog."C",
    number bigint DEFAULT '0'::bigint NOT NULL
);
CREATE TABLE public.identity_access_tokens (
    id text NOT NULL COLLATE pg_catalog."C",
    consumer_id text NOT NULL COLLATE pg_catalog."C",
    encrypted_secret text NOT NULL COLLATE pg_catalog."C",
    project_id text NOT NULL COLLATE pg_catalog."C",
    authorizing_user_id text NOT NULL COLLATE pg_catalog."C",
    role_ids text NOT NULL COLLATE pg_catalog."C",
    expires_at timestamp without time zone
);
CREATE TABLE public.identity_application_credentials (
    id text NOT NULL COLLATE pg_catalog."C",
    user_id text NOT NULL COLLATE pg_catalog."C",
    project_id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    description text COLLATE pg_catalog."C",
    secret_hash text NOT NULL COLLATE pg_catalog."C",
    role_ids text NOT NULL COLLATE pg_catalog."C",
    expires_at timestamp without time zone,
    unrestricted boolean NOT NULL,
    access_rule_ids text COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE TABLE public.identity_assignments (
    actor text NOT NULL COLLATE pg_catalog."C",
    actor_id text NOT NULL COLLATE pg_catalog."C",
    target text NOT NULL COLLATE pg_catalog."C",
    target_id text NOT NULL COLLATE pg_catalog."C",
    role_id text NOT NULL COLLATE pg_catalog."C",
    inherited boolean NOT NULL
);
CREATE TABLE public.identity_consumers (
    id text NOT NULL COLLATE pg_catalog."C",
    description text COLLATE pg_catalog."C",
    encrypted_secret text NOT NULL COLLATE pg_catalog."C",
    extra text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE TABLE public.identity_credentials (
    id text NOT NULL COLLATE pg_catalog."C",
    user_id text NOT NULL COLLATE pg_catalog."C",
    project_id text COLLATE pg_catalog."C",
    type text NOT NULL COLLATE pg_catalog."C",
    encrypted_blob text NOT NULL COLLATE pg_catalog."C",
    extra text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE TABLE public.identity_domain_options (
    domain_id text NOT NULL COLLATE pg_catalog."C",
    option_group text NOT NULL COLLATE pg_catalog."C",
    option text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL COLLATE pg_catalog."C",
    sensitive boolean NOT NULL
);
CREATE TABLE public.identity_endpoint_groups (
    id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    description text COLLATE pg_catalog."C",
    filters text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE TABLE public.identity_endpoints (
    id text NOT NULL COLLATE pg_catalog."C",
    service_id text NOT NULL COLLATE pg_catalog."C",
    region_id text COLLATE pg_catalog."C",
    interface text NOT NULL COLLATE pg_catalog."C",
    url text NOT NULL COLLATE pg_catalog."C",
    enabled boolean NOT NULL,
    extra text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE TABLE public.identity_groups (
    id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    domain_id text NOT NULL COLLATE pg_catalog."C",
    description text NOT NULL COLLATE pg_catalog."C",
    extra text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE TABLE public.identity_implied_roles (
    prior_id text NOT NULL COLLATE pg_catalog."C",
    implied_id text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.identity_key_rings (
    name text NOT NULL COLLATE pg_catalog."C",
    version bigint NOT NULL,
    sealed text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.identity_limits (
    id text NOT NULL COLLATE pg_catalog."C",
    registered_limit_id text NOT NULL COLLATE pg_catalog."C",
    project_id text COLLATE pg_catalog."C",
    domain_id text COLLATE pg_catalog."C",
    resource_limit bigint NOT NULL,
    description text COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE TABLE public.identity_memberships (
    user_id text NOT NULL COLLATE pg_catalog."C",
    group_id text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.identity_passwords (
    id bigint NOT NULL,
    user_id text NOT NULL COLLATE pg_catalog."C",
    hash text NOT NULL COLLATE pg_catalog."C",
    self_service boolean NOT NULL,
    created_at timestamp without time zone NOT NULL,
    expires_at timestamp without time zone
);
CREATE SEQUENCE public.identity_passwords_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.identity_passwords_id_seq OWNED BY public.identity_passwords.id;
CREATE TABLE public.identity_policies (
    id text NOT NULL COLLATE pg_catalog."C",
    type text NOT NULL COLLATE pg_catalog."C",
    blob text NOT NULL COLLATE pg_catalog."C",
    extra text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE TABLE public.identity_policy_associations (
    id text NOT NULL COLLATE pg_catalog."C",
    policy_id text NOT NULL COLLATE pg_catalog."C",
    endpoint_id text COLLATE pg_catalog."C",
    service_id text COLLATE pg_catalog."C",
    region_id text COLLATE pg_catalog."C"
);
CREATE TABLE public.identity_premade (
    name text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.identity_project_endpoint_groups (
    project_id text NOT NULL COLLATE pg_catalog."C",
    endpoint_group_id text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.identity_project_endpoints (
    project_id text NOT NULL COLLATE pg_catalog."C",
    endpoint_id text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.identity_project_tags (
    project_id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.identity_projects (
    id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    domain_id text NOT NULL COLLATE pg_catalog."C",
    parent_id text COLLATE pg_catalog."C",
    is_domain boolean NOT NULL,
    enabled boolean NOT NULL,
    description text NOT NULL COLLATE pg_catalog."C",
    options text NOT NULL COLLATE pg_catalog."C",
    extra text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE TABLE public.identity_regions (
    id text NOT NULL COLLATE pg_catalog."C",
    description text NOT NULL COLLATE pg_catalog."C",
    parent_id text COLLATE pg_catalog."C",
    extra text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE TABLE public.identity_registered_limits (
    id text NOT NULL COLLATE pg_catalog."C",
    service_id text NOT NULL COLLATE pg_catalog."C",
    region_id text COLLATE pg_catalog."C",
    resource_name text NOT NULL COLLATE pg_catalog."C",
    default_limit bigint NOT NULL,
    description text COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE TABLE public.identity_request_tokens (
    id text NOT NULL COLLATE pg_catalog."C",
    consumer_id text NOT NULL COLLATE pg_catalog."C",
    encrypted_secret text NOT NULL COLLATE pg_catalog."C",
    project_id text NOT NULL COLLATE pg_catalog."C",
    verifier text COLLATE pg_catalog."C",
    authorizing_user_id text COLLATE pg_catalog."C",
    role_ids text NOT NULL COLLATE pg_catalog."C",
    expires_at timestamp without time zone
);
CREATE TABLE public.identity_revocations (
    id bigint NOT NULL,
    user_id text COLLATE pg_catalog."C",
    project_id text COLLATE pg_catalog."C",
    domain_id text COLLATE pg_catalog."C",
    role_id text COLLATE pg_catalog."C",
    trust_id text COLLATE pg_catalog."C",
    audit_id text COLLATE pg_catalog."C",
    audit_chain_id text COLLATE pg_catalog."C",
    issued_before timestamp without time zone NOT NULL,
    revoked_at timestamp without time zone NOT NULL
);
CREATE SEQUENCE public.identity_revocations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.identity_revocations_id_seq OWNED BY public.identity_revocations.id;
CREATE TABLE public.identity_roles (
    id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    domain_id text NOT NULL COLLATE pg_catalog."C",
    description text COLLATE pg_catalog."C",
    options text NOT NULL COLLATE pg_catalog."C",
    extra text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE TABLE public.identity_services (
    id text NOT NULL COLLATE pg_catalog."C",
    type text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    enabled boolean NOT NULL,
    extra text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE TABLE public.identity_spent_passcodes (
    user_id text NOT NULL COLLATE pg_catalog."C",
    passcode text NOT NULL COLLATE pg_catalog."C",
    totp_window bigint NOT NULL
);
CREATE TABLE public.identity_trusts (
    id text NOT NULL COLLATE pg_catalog."C",
    trustor_user_id text NOT NULL COLLATE pg_catalog."C",
    trustee_user_id text NOT NULL COLLATE pg_catalog."C",
    project_id text COLLATE pg_catalog."C",
    impersonation boolean NOT NULL,
    role_ids text NOT NULL COLLATE pg_catalog."C",
    expires_at timestamp without time zone,
    remaining_uses bigint,
    redelegated_trust_id text COLLATE pg_catalog."C",
    redelegation_count bigint NOT NULL,
    created_at timestamp without time zone NOT NULL
);
CREATE TABLE public.identity_used_nonces (
    consumer_id text NOT NULL COLLATE pg_catalog."C",
    nonce text NOT NULL COLLATE pg_catalog."C",
    signed_at bigint NOT NULL
);
CREATE TABLE public.identity_used_passcodes (
    credential_id text NOT NULL COLLATE pg_catalog."C",
    totp_window bigint NOT NULL
);
CREATE TABLE public.identity_users (
    id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    domain_id text NOT NULL COLLATE pg_catalog."C",
    enabled boolean NOT NULL,
    default_project_id text COLLATE pg_catalog."C",
    options text NOT NULL COLLATE pg_catalog."C",
    extra text NOT NULL COLLATE pg_catalog."C",
    failed_count bigint NOT NULL,
    failed_at timestamp without time zone,
    last_active_at timestamp without time zone,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE TABLE public.image_former_images (
    id text NOT NULL COLLATE pg_catalog."C",
    deleted_at timestamp without time zone NOT NULL
);
CREATE TABLE public.image_images (
    id text NOT NULL COLLATE pg_catalog."C",
    name text COLLATE pg_catalog."C",
    status text NOT NULL COLLATE pg_catalog."C",
    visibility text NOT NULL COLLATE pg_catalog."C",
    owner text COLLATE pg_catalog."C",
    disk_format text COLLATE pg_catalog."C",
    container_format text COLLATE pg_catalog."C",
    size bigint,
    virtual_size bigint,
    checksum text COLLATE pg_catalog."C",
    os_hash_algo text COLLATE pg_catalog."C",
    os_hash_value text COLLATE pg_catalog."C",
    min_disk bigint NOT NULL,
    min_ram bigint NOT NULL,
    protected boolean NOT NULL,
    os_hidden boolean NOT NULL,
    properties text NOT NULL COLLATE pg_catalog."C",
    tags text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone NOT NULL,
    upload_token text COLLATE pg_catalog."C",
    upload_seen_at timestamp without time zone,
    staged text COLLATE pg_catalog."C",
    stores text NOT NULL COLLATE pg_catalog."C",
    importing text COLLATE pg_catalog."C",
    locations text COLLATE pg_catalog."C"
);
CREATE TABLE public.image_members (
    image_id text NOT NULL COLLATE pg_catalog."C",
    member_id text NOT NULL COLLATE pg_catalog."C",
    status text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone NOT NULL
);
CREATE TABLE public.image_metadef_namespaces (
    id bigint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    display_name text COLLATE pg_catalog."C",
    description text COLLATE pg_catalog."C",
    visibility text NOT NULL COLLATE pg_catalog."C",
    protected boolean NOT NULL,
    owner text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone NOT NULL
);
CREATE SEQUENCE public.image_metadef_namespaces_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.image_metadef_namespaces_id_seq OWNED BY public.image_metadef_namespaces.id;
CREATE TABLE public.image_metadef_objects (
    document text NOT NULL COLLATE pg_catalog."C",
    id bigint NOT NULL,
    namespace_id bigint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone NOT NULL
);
CREATE SEQUENCE public.image_metadef_objects_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.image_metadef_objects_id_seq OWNED BY public.image_metadef_objects.id;
CREATE TABLE public.image_metadef_properties (
    document text NOT NULL COLLATE pg_catalog."C",
    id bigint NOT NULL,
    namespace_id bigint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone NOT NULL
);
CREATE SEQUENCE public.image_metadef_properties_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.image_metadef_properties_id_seq OWNED BY public.image_metadef_properties.id;
CREATE TABLE public.image_metadef_resource_type_associations (
    prefix text COLLATE pg_catalog."C",
    properties_target text COLLATE pg_catalog."C",
    id bigint NOT NULL,
    namespace_id bigint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone NOT NULL
);
CREATE SEQUENCE public.image_metadef_resource_type_associations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.image_metadef_resource_type_associations_id_seq OWNED BY public.image_metadef_resource_type_associations.id;
CREATE TABLE public.image_metadef_resource_types (
    name text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone NOT NULL
);
CREATE TABLE public.image_metadef_tags (
    id bigint NOT NULL,
    namespace_id bigint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone NOT NULL
);
CREATE SEQUENCE public.image_metadef_tags_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.image_metadef_tags_id_seq OWNED BY public.image_metadef_tags.id;
CREATE TABLE public.image_tasks (
    id text NOT NULL COLLATE pg_catalog."C",
    type text NOT NULL COLLATE pg_catalog."C",
    status text NOT NULL COLLATE pg_catalog."C",
    owner text NOT NULL COLLATE pg_catalog."C",
    user_id text COLLATE pg_catalog."C",
    image_id text COLLATE pg_catalog."C",
    request_id text COLLATE pg_catalog."C",
    input text NOT NULL COLLATE pg_catalog."C",
    result text COLLATE pg_catalog."C",
    message text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone NOT NULL,
    expires_at timestamp without time zone
);
CREATE TABLE public.kernel_agents (
    host text NOT NULL COLLATE pg_catalog."C",
    version text NOT NULL COLLATE pg_catalog."C",
    views text NOT NULL COLLATE pg_catalog."C",
    started_at timestamp without time zone NOT NULL,
    last_seen_at timestamp without time zone NOT NULL
);
CREATE TABLE public.kernel_cloud (
    id text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL
);
CREATE TABLE public.kernel_leases (
    name text NOT NULL COLLATE pg_catalog."C",
    holder text NOT NULL COLLATE pg_catalog."C",
    expires_at timestamp without time zone NOT NULL
);
CREATE TABLE public.kernel_operations (
    seq bigint NOT NULL,
    id text NOT NULL COLLATE pg_catalog."C",
    service text NOT NULL COLLATE pg_catalog."C",
    resource_id text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    state text NOT NULL COLLATE pg_catalog."C",
    owner text COLLATE pg_catalog."C",
    params text NOT NULL COLLATE pg_catalog."C",
    error text COLLATE pg_catalog."C",
    request_id text NOT NULL COLLATE pg_catalog."C",
    user_id text COLLATE pg_catalog."C",
    project_id text COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL,
    started_at timestamp without time zone,
    finished_at timestamp without time zone,
    deadline_at timestamp without time zone
);
CREATE SEQUENCE public.kernel_operations_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.kernel_operations_seq_seq OWNED BY public.kernel_operations.seq;
CREATE TABLE public.kernel_outbox (
    id bigint NOT NULL,
    type text NOT NULL COLLATE pg_catalog."C",
    payload text NOT NULL COLLATE pg_catalog."C",
    request_id text NOT NULL COLLATE pg_catalog."C",
    project_id text COLLATE pg_catalog."C",
    user_id text COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL,
    published_at timestamp without time zone
);
CREATE SEQUENCE public.kernel_outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.kernel_outbox_id_seq OWNED BY public.kernel_outbox.id;
CREATE TABLE public.kernel_quota_limits (
    service text NOT NULL COLLATE pg_catalog."C",
    project_id text NOT NULL COLLATE pg_catalog."C",
    resource text NOT NULL COLLATE pg_catalog."C",
    hard_limit bigint NOT NULL
);
CREATE TABLE public.kernel_servers (
    id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    started_at timestamp without time zone NOT NULL,
    seen_at timestamp without time zone NOT NULL
);
CREATE TABLE public.network_address_scopes (
    name text NOT NULL COLLATE pg_catalog."C",
    ip_version bigint NOT NULL,
    shared boolean NOT NULL,
    id text NOT NULL COLLATE pg_catalog."C",
    project_id text NOT NULL COLLATE pg_catalog."C",
    description text NOT NULL COLLATE pg_catalog."C",
    revision_number bigint NOT NULL,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE TABLE public.network_agent_notes (
    id text NOT NULL COLLATE pg_catalog."C",
    admin_state_up boolean NOT NULL,
    description text COLLATE pg_catalog."C",
    deleted_at timestamp without time zone
);
CREATE TABLE public.network_default_security_groups (
    project_id text NOT NULL COLLATE pg_catalog."C",
    security_group_id text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.network_fixed_ips (
    subnet_id text NOT NULL COLLATE pg_catalog."C",
    ip_address text NOT NULL COLLATE pg_catalog."C",
    port_id text NOT NULL COLLATE pg_catalog."C",
    network_id text NOT NULL COLLATE pg_catalog."C",
    "offset" bigint,
    "position" bigint NOT NULL
);
CREATE TABLE public.network_floatingips (
    floating_network_id text NOT NULL COLLATE pg_catalog."C",
    floating_ip_address text NOT NULL COLLATE pg_catalog."C",
    floating_port_id text NOT NULL COLLATE pg_catalog."C",
    port_id text COLLATE pg_catalog."C",
    fixed_ip_address text COLLATE pg_catalog."C",
    router_id text COLLATE pg_catalog."C",
    status text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    project_id text NOT NULL COLLATE pg_catalog."C",
    description text NOT NULL COLLATE pg_catalog."C",
    revision_number bigint NOT NULL,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE TABLE public.network_networks (
    name text NOT NULL COLLATE pg_catalog."C",
    admin_state_up boolean NOT NULL,
    shared boolean NOT NULL,
    external boolean NOT NULL,
    is_default boolean NOT NULL,
    mtu bigint NOT NULL,
    port_security_enabled boolean NOT NULL,
    network_type text NOT NULL COLLATE pg_catalog."C",
    physical_network text NOT NULL COLLATE pg_catalog."C",
    segmentation_id bigint,
    id text NOT NULL COLLATE pg_catalog."C",
    project_id text NOT NULL COLLATE pg_catalog."C",
    description text NOT NULL COLLATE pg_catalog."C",
    revision_number bigint NOT NULL,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE TABLE public.network_port_security_groups (
    port_id text NOT NULL COLLATE pg_catalog."C",
    security_group_id text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.network_ports (
    network_id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    mac_address text NOT NULL COLLATE pg_catalog."C",
    admin_state_up boolean NOT NULL,
    status text NOT NULL COLLATE pg_catalog."C",
    device_id text NOT NULL COLLATE pg_catalog."C",
    device_owner text NOT NULL COLLATE pg_catalog."C",
    port_security_enabled boolean NOT NULL,
    binding_host text NOT NULL COLLATE pg_catalog."C",
    vnic_type text NOT NULL COLLATE pg_catalog."C",
    binding_profile text NOT NULL COLLATE pg_catalog."C",
    allowed_address_pairs text NOT NULL COLLATE pg_catalog."C",
    extra_dhcp_opts text NOT NULL COLLATE pg_catalog."C",
    hostname text NOT NULL COLLATE pg_catalog."C",
    made_by_server boolean NOT NULL,
    id text NOT NULL COLLATE pg_catalog."C",
    project_id text NOT NULL COLLATE pg_catalog."C",
    description text NOT NULL COLLATE pg_catalog."C",
    revision_number bigint NOT NULL,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone,
    holder text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    holder_id text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.network_rbac_policies (
    object_type text NOT NULL COLLATE pg_catalog."C",
    object_id text NOT NULL COLLATE pg_catalog."C",
    action text NOT NULL COLLATE pg_catalog."C",
    target_project text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    project_id text NOT NULL COLLATE pg_catalog."C",
    description text NOT NULL COLLATE pg_catalog."C",
    revision_number bigint NOT NULL,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE TABLE public.network_routers (
    name text NOT NULL COLLATE pg_catalog."C",
    admin_state_up boolean NOT NULL,
    status text NOT NULL COLLATE pg_catalog."C",
    gateway_network_id text COLLATE pg_catalog."C",
    gateway_port_id text COLLATE pg_catalog."C",
    enable_snat boolean NOT NULL,
    routes text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    project_id text NOT NULL COLLATE pg_catalog."C",
    description text NOT NULL COLLATE pg_catalog."C",
    revision_number bigint NOT NULL,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE TABLE public.network_security_group_rules (
    security_group_id text NOT NULL COLLATE pg_catalog."C",
    direction text NOT NULL COLLATE pg_catalog."C",
    ethertype text NOT NULL COLLATE pg_catalog."C",
    protocol text COLLATE pg_catalog."C",
    port_range_min bigint,
    port_range_max bigint,
    remote_ip_prefix text COLLATE pg_catalog."C",
    remote_group_id text COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    project_id text NOT NULL COLLATE pg_catalog."C",
    description text NOT NULL COLLATE pg_catalog."C",
    revision_number bigint NOT NULL,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE TABLE public.network_security_groups (
    name text NOT NULL COLLATE pg_catalog."C",
    stateful boolean NOT NULL,
    is_default boolean NOT NULL,
    id text NOT NULL COLLATE pg_catalog."C",
    project_id text NOT NULL COLLATE pg_catalog."C",
    description text NOT NULL COLLATE pg_catalog."C",
    revision_number bigint NOT NULL,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE TABLE public.network_subnetpools (
    name text NOT NULL COLLATE pg_catalog."C",
    ip_version bigint NOT NULL,
    prefixes text NOT NULL COLLATE pg_catalog."C",
    default_prefixlen bigint NOT NULL,
    min_prefixlen bigint NOT NULL,
    max_prefixlen bigint NOT NULL,
    default_quota bigint,
    address_scope_id text COLLATE pg_catalog."C",
    shared boolean NOT NULL,
    is_default boolean NOT NULL,
    id text NOT NULL COLLATE pg_catalog."C",
    project_id text NOT NULL COLLATE pg_catalog."C",
    description text NOT NULL COLLATE pg_catalog."C",
    revision_number bigint NOT NULL,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE TABLE public.network_subnets (
    network_id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    ip_version bigint NOT NULL,
    cidr text NOT NULL COLLATE pg_catalog."C",
    gateway_ip text COLLATE pg_catalog."C",
    enable_dhcp boolean NOT NULL,
    ipv6_ra_mode text COLLATE pg_catalog."C",
    ipv6_address_mode text COLLATE pg_catalog."C",
    subnetpool_id text COLLATE pg_catalog."C",
    allocation_pools text NOT NULL COLLATE pg_catalog."C",
    dns_nameservers text NOT NULL COLLATE pg_catalog."C",
    host_routes text NOT NULL COLLATE pg_catalog."C",
    service_types text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    project_id text NOT NULL COLLATE pg_catalog."C",
    description text NOT NULL COLLATE pg_catalog."C",
    revision_number bigint NOT NULL,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE TABLE public.network_tags (
    resource_id text NOT NULL COLLATE pg_catalog."C",
    tag text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.placement_allocations (
    consumer_uuid text NOT NULL COLLATE pg_catalog."C",
    provider_uuid text NOT NULL COLLATE pg_catalog."C",
    resource_class text NOT NULL COLLATE pg_catalog."C",
    used bigint NOT NULL,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE TABLE public.placement_consumers (
    uuid text NOT NULL COLLATE pg_catalog."C",
    project_id text NOT NULL COLLATE pg_catalog."C",
    user_id text NOT NULL COLLATE pg_catalog."C",
    consumer_type text COLLATE pg_catalog."C",
    generation bigint NOT NULL,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE TABLE public.placement_inventories (
    provider_uuid text NOT NULL COLLATE pg_catalog."C",
    resource_class text NOT NULL COLLATE pg_catalog."C",
    total bigint NOT NULL,
    reserved bigint NOT NULL,
    min_unit bigint NOT NULL,
    max_unit bigint NOT NULL,
    step_size bigint NOT NULL,
    allocation_ratio double precision NOT NULL,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE TABLE public.placement_provider_aggregates (
    provider_uuid text NOT NULL COLLATE pg_catalog."C",
    aggregate_uuid text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE TABLE public.placement_provider_traits (
    provider_uuid text NOT NULL COLLATE pg_catalog."C",
    trait text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE TABLE public.placement_resource_classes (
    name text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE TABLE public.placement_resource_providers (
    uuid text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    generation bigint NOT NULL,
    parent_uuid text COLLATE pg_catalog."C",
    root_uuid text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
CREATE TABLE public.placement_traits (
    name text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone
);
ALTER TABLE ONLY public.compute_aggregates ALTER COLUMN id SET DEFAULT nextval('public.compute_aggregates_id_seq'::regclass);
ALTER TABLE ONLY public.compute_flavors ALTER COLUMN id SET DEFAULT nextval('public.compute_flavors_id_seq'::regclass);
ALTER TABLE ONLY public.compute_hosts ALTER COLUMN id SET DEFAULT nextval('public.compute_hosts_id_seq'::regclass);
ALTER TABLE ONLY public.compute_keypairs ALTER COLUMN id SET DEFAULT nextval('public.compute_keypairs_id_seq'::regclass);
ALTER TABLE ONLY public.compute_server_groups ALTER COLUMN number SET DEFAULT nextval('public.compute_server_groups_number_seq'::regclass);
ALTER TABLE ONLY public.compute_servers ALTER COLUMN number SET DEFAULT nextval('public.compute_servers_number_seq'::regclass);
ALTER TABLE ONLY public.identity_passwords ALTER COLUMN id SET DEFAULT nextval('public.identity_passwords_id_seq'::regclass);
ALTER TABLE ONLY public.identity_revocations ALTER COLUMN id SET DEFAULT nextval('public.identity_revocations_id_seq'::regclass);
ALTER TABLE ONLY public.image_metadef_namespaces ALTER COLUMN id SET DEFAULT nextval('public.image_metadef_namespaces_id_seq'::regclass);
ALTER TABLE ONLY public.image_metadef_objects ALTER COLUMN id SET DEFAULT nextval('public.image_metadef_objects_id_seq'::regclass);
ALTER TABLE ONLY public.image_metadef_properties ALTER COLUMN id SET DEFAULT nextval('public.image_metadef_properties_id_seq'::regclass);
ALTER TABLE ONLY public.image_metadef_resource_type_associations ALTER COLUMN id SET DEFAULT nextval('public.image_metadef_resource_type_associations_id_seq'::regclass);
ALTER TABLE ONLY public.image_metadef_tags ALTER COLUMN id SET DEFAULT nextval('public.image_metadef_tags_id_seq'::regclass);
ALTER TABLE ONLY public.kernel_operations ALTER COLUMN seq SET DEFAULT nextval('public.kernel_operations_seq_seq'::regclass);
ALTER TABLE ONLY public.kernel_outbox ALTER COLUMN id SET DEFAULT nextval('public.kernel_outbox_id_seq'::regclass);
INSERT INTO public.alembic_version VALUES ('0015');
INSERT INTO public.compute_aggregates VALUES (1, '6a361521-9f2b-4faf-b854-a76f0c74c18f', 'estate', '{}', '[]', '2026-11-30 07:34:27.204901', NULL);
INSERT INTO public.compute_flavors VALUES (1, '1', 'm1.tiny', NULL, 1, 512, 1, 0, 0, 1, true, false, '{}', '2026-11-30 07:34:26.515461', NULL);
INSERT INTO public.compute_flavors VALUES (2, '2', 'm1.small', NULL, 1, 2048, 20, 0, 0, 1, true, false, '{}', '2026-11-30 07:34:26.517145', NULL);
INSERT INTO public.compute_flavors VALUES (3, '3', 'm1.medium', NULL, 2, 4096, 40, 0, 0, 1, true, false, '{}', '2026-11-30 07:34:26.518568', NULL);
INSERT INTO public.compute_flavors VALUES (4, '4', 'm1.large', NULL, 4, 8192, 80, 0, 0, 1, true, false, '{}', '2026-11-30 07:34:26.519565', NULL);
INSERT INTO public.compute_flavors VALUES (5, '5', 'm1.xlarge', NULL, 8, 16384, 160, 0, 0, 1, true, false, '{}', '2026-11-30 07:34:26.520617', NULL);
INSERT INTO public.compute_flavors VALUES (6, '42', 'm1.nano', NULL, 1, 192, 1, 0, 0, 1, true, false, '{}', '2026-11-30 07:34:26.521595', NULL);
INSERT INTO public.compute_flavors VALUES (7, '84', 'm1.micro', NULL, 1, 256, 1, 0, 0, 1, true, false, '{}', '2026-11-30 07:34:26.522905', NULL);
INSERT INTO public.compute_flavors VALUES (8, 'c1', 'cirros256', NULL, 1, 256, 1, 0, 0, 1, true, false, '{}', '2026-11-30 07:34:26.523782', NULL);
INSERT INTO public.compute_hosts VALUES (1, 'vm', 'b81dad05-0af0-567e-8706-ba6a93e6ef71', '53b1f4e1-2309-474d-86f8-5a84fcf0d056', '{"hypervisor_type":"fake","hypervisor_version":1000000,"acceleration":"none","acceleration_detail":"Simulated guests run no instructions.","architectures":["x86_64","i686","aarch64"],"vcpus":1000,"memory_mb":800000,"disk_gb":600000,"disk_free_gb":600000,"cpu_info":{"arch":"x86_64","vendor":"fake","model":"fake","features":[],"topology":{"cells":1,"sockets":1,"cores":1000,"threads":1}},"uefi":["x86_64","aarch64"],"capabilities":{"hotplug_nic":true,"console_output":true,"config_drive":true,"pause":true}}', '127.0.0.1', false, NULL, false, '2026-11-30 07:34:27.127511', '2026-11-30 07:34:27.114122', '2026-11-30 07:34:27.127957');
INSERT INTO public.compute_keypairs VALUES (1, '99876a69edee46c89218a2d4a186af2d', 'estate', 'ssh', '4b:f8:bd:ae:10:71:d3:f9:76:dd:63:e4:8a:5b:78:e2', 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDPTaJcwGFfoLe0tKuC4mlZJZho6UBgOhyFba2C2MkgPFc7W1Sf3ednwucH4B85E4O2rxPlY/wUoEwR+XPzLfihwvuOkGB9rVFBRU52lUruCKRpLNT06+wkBMwZb4HY2A5iH7XDNSfWsx6c163AkeuVa/qgjniKw7BFPQIdfQkaRLJkEjX0wwFeVOz6937qLr4YGxNvUmXxFjdltW8xTradcI8j7nNc6Wilw+3EEt7HTBQzfl/JeEmfm/0Dooo/gB+4pI8/Dydqp4m8+jKnZLBgmTC+bp/qoIvBeVXd6fjct08/bbq5nKTSLXJleyASg9ZOs4581qbcBDWvwmCTDTef Generated-by-Stratolith', '2026-11-30 07:34:27.188945', NULL);
INSERT INTO public.compute_server_groups VALUES (1, '0132e61d-0468-42c7-8115-26900e3e8237', 'd064a32917fd4b97be1365308c96bc00', '99876a69edee46c89218a2d4a186af2d', 'estate', 'affinity', '{}', '2026-11-30 07:34:27.199172', NULL);
INSERT INTO public.compute_server_tags VALUES ('4a363bdf-da48-45e3-86a1-8aad2d15086f', 'one');
INSERT INTO public.compute_servers VALUES (1, '4a363bdf-da48-45e3-86a1-8aad2d15086f', 'd064a32917fd4b97be1365308c96bc00', '99876a69edee46c89218a2d4a186af2d', 'estate', NULL, 'estate', 'r-28b851a0', 0, '42', '{"id":"42","name":"m1.nano","vcpus":1,"ram":192,"disk":1,"ephemeral":0,"swap":0,"extra_specs":{}}', 1, 192, 1, '4b2ca4e6-9f34-42d9-87a1-68851af76513', '{"id":"4b2ca4e6-9f34-42d9-87a1-68851af76513","name":"estate","disk_format":"raw","container_format":"bare","size":1024,"virtual_size":1024,"sha512":"fa41ec783342d4c23e7b6550f1e96e32a16269e390449e5fdda60f05611ecb08dd56a5b8cde90024b7da934cdb9a9cc8c8a310eb20e25227699bbf6518e23360","generation":"236904a4527c5afe","min_disk":0,"min_ram":0,"properties":{}}', NULL, NULL, NULL, '{}', false, '{"colour":"blue"}', '[]', NULL, NULL, 'MANUAL', NULL, '{}', NULL, NULL, NULL, 'vm', 'nova', 'running', NULL, 1, 'running', '["69944fc1-8bec-4888-a724-e1f3cfb0ff63"]', '2026-11-30 07:34:27.332856', 'active', NULL, 1, NULL, false, '2026-11-30 07:34:27.332865', NULL, NULL, '2026-11-30 07:34:27.226546', '2026-11-30 07:34:27.333469');
INSERT INTO public.identity_application_credentials VALUES ('896e0b9a3175418e8528d73175477486', '99876a69edee46c89218a2d4a186af2d', 'd064a32917fd4b97be1365308c96bc00', 'e', NULL, '$argon2id$v=19$m=12288,t=3,p=1$XaafsqBG9r0AAnmuOMXhGw$dyMUcN+y1U1j9qEcirWl2TJ7MEdq8i+p1SQ+EhJX3Kk', '["df2bbc16452c4b1f9bd9ac407bd4fa7a","53bca83d0d4a49b3b4db01f260b66552"]', NULL, false, NULL, '2026-11-30 07:34:27.030273', NULL);
INSERT INTO public.identity_assignments VALUES ('user', 'bb61b33df9184871886a6d93ae72c6df', 'project', '78d33ceda150460db73467f8466518a2', '84bb67515a3d4f3d921e4937de5dd76d', false);
INSERT INTO public.identity_assignments VALUES ('user', 'bb61b33df9184871886a6d93ae72c6df', 'project', 'd064a32917fd4b97be1365308c96bc00', '84bb67515a3d4f3d921e4937de5dd76d', false);
INSERT INTO public.identity_assignments VALUES ('user', 'bb61b33df9184871886a6d93ae72c6df', 'domain', 'default', '84bb67515a3d4f3d921e4937de5dd76d', false);
INSERT INTO public.identity_assignments VALUES ('user', 'bb61b33df9184871886a6d93ae72c6df', 'system', 'system', '84bb67515a3d4f3d921e4937de5dd76d', false);
INSERT INTO public.identity_assignments VALUES ('user', '99876a69edee46c89218a2d4a186af2d', 'project', 'd064a32917fd4b97be1365308c96bc00', 'df2bbc16452c4b1f9bd9ac407bd4fa7a', false);
INSERT INTO public.identity_assignments VALUES ('user', '8bb05b5fc4db4e69bf8d27cf2e064560', 'project', '074642496b3142a39e52aa7254a78b0d', 'fa2f59b246824adbbedd404ac9aff490', false);
INSERT INTO public.identity_assignments VALUES ('user', 'f50c86a059ed47d8ab5ac55fd35e31d4', 'project', '074642496b3142a39e52aa7254a78b0d', 'fa2f59b246824adbbedd404ac9aff490', false);
INSERT INTO public.identity_assignments VALUES ('user', '2d67f1a6b48d4a80ab9e8cfef3ee9ebd', 'project', '074642496b3142a39e52aa7254a78b0d', 'fa2f59b246824adbbedd404ac9aff490', false);
INSERT INTO public.identity_assignments VALUES ('user', '18042211359e41979b64659f199bbca3', 'project', '074642496b3142a39e52aa7254a78b0d', 'fa2f59b246824adbbedd404ac9aff490', false);
INSERT INTO public.identity_consumers VALUES ('5372e864bb5449a7b2ba8897262e7f4d', 'estate', 'gAAAAABrDScC7AMCd6npS90jtEDU9QqNXqs8QR8gJ1bqPFrQ1DTTRRfZpJHterw_s7Ud88KKnT7-BcH64kWMV96DllMb0Q36kGHYO9pt5ryRiwgij8zi8hgKyEPaS418NQPmOuO1I0YO', '{}', '2026-11-30 07:34:26.997193', NULL);
INSERT INTO public.identity_credentials VALUES ('f66af9e9f70e4dd1911e7faced81ae77', '99876a69edee46c89218a2d4a186af2d', NULL, 'cert', 'gAAAAABrDScC5-HzA8BbdSAyQiUhZmuR89VL-LR3UbL54WZ6Z3P2Ph4sNZ7_T97EOQwS9RxJo5NnHVVgWYDBH5vUG0XKCcQfNQ', '{}', '2026-11-30 07:34:26.975362', NULL);
INSERT INTO public.identity_credentials VALUES ('33b9027afcd7af0e160eaf3438da0e4a24bb5362f3c4dbb76da686a3f5af06d2', '99876a69edee46c89218a2d4a186af2d', 'd064a32917fd4b97be1365308c96bc00', 'ec2', 'gAAAAABrDScDjjLZZLj0bzR154dW15Up7jk9Cc1VezgJre7_2qWh5fMilD7ghPh0eUTWQbKzQFJxwmyo1ZBCkbDVgQA5pxTE9XqcisG-CZughg27aViMyP4rVa0vJ8SsZuKuqEIl_tUoAe1MA1EtQTcLp4MCclC2HRl8Zv4k84KeVWAnAOzumC2SY55GwgFzPTraqF66hAgYYhf8L4BP8L8z2EMEi3FuMg', '{}', '2026-11-30 07:34:27.007269', NULL);
INSERT INTO public.identity_endpoint_groups VALUES ('e18090749a3d476ab4c1a5078f4aa091', 'estate', NULL, '{"interface":"public"}', '2026-11-30 07:34:27.000508', NULL);
INSERT INTO public.identity_endpoints VALUES ('c5ffb11d4e414b1abfaae097e84e757d', 'b8ef84a0e8de476389ce0e7c8f3f1701', 'RegionOne', 'public', 'dialled:identity', true, '{}', '2026-11-30 07:34:26.359348', NULL);
INSERT INTO public.identity_endpoints VALUES ('44f99fb1858643519cd7f160642f601e', 'b8ef84a0e8de476389ce0e7c8f3f1701', 'RegionOne', 'internal', 'dialled:identity', true, '{}', '2026-11-30 07:34:26.359354', NULL);
INSERT INTO public.identity_endpoints VALUES ('300cf5a1e659483c9f7ceb76fbf809f8', 'b8ef84a0e8de476389ce0e7c8f3f1701', 'RegionOne', 'admin', 'dialled:identity', true, '{}', '2026-11-30 07:34:26.359356', NULL);
INSERT INTO public.identity_endpoints VALUES ('1279dd078f7f4230beade649e6d4c90a', '752a2cf2a3104f0fae027e39ac5b438f', 'RegionOne', 'public', 'dialled:placement', true, '{}', '2026-11-30 07:34:26.363258', NULL);
INSERT INTO public.identity_endpoints VALUES ('8d31fae3a4604985be921168d2f43e6a', '752a2cf2a3104f0fae027e39ac5b438f', 'RegionOne', 'internal', 'dialled:placement', true, '{}', '2026-11-30 07:34:26.363264', NULL);
INSERT INTO public.identity_endpoints VALUES ('1d6225888ee24fd7a87b402af3368bab', '752a2cf2a3104f0fae027e39ac5b438f', 'RegionOne', 'admin', 'dialled:placement', true, '{}', '2026-11-30 07:34:26.363266', NULL);
INSERT INTO public.identity_endpoints VALUES ('67a52a9f44914c40816a359125573590', 'b6ea680120444a7ab056804983e0e807', 'RegionOne', 'public', 'dialled:image', true, '{}', '2026-11-30 07:34:26.365279', NULL);
INSERT INTO public.identity_endpoints VALUES ('4711a5816b6e4923964dcc2321404422', 'b6ea680120444a7ab056804983e0e807', 'RegionOne', 'internal', 'dialled:image', true, '{}', '2026-11-30 07:34:26.365286', NULL);
INSERT INTO public.identity_endpoints VALUES ('c0d585e671ae4926af086df042773225', 'b6ea680120444a7ab056804983e0e807', 'RegionOne', 'admin', 'dialled:image', true, '{}', '2026-11-30 07:34:26.365289', NULL);
INSERT INTO public.identity_endpoints VALUES ('4524a1b77f3b419ab32a2d82e3d7ce05', '4677f4c91d3148ddb21d4aec81182557', 'RegionOne', 'public', 'dialled:network', true, '{}', '2026-11-30 07:34:26.36721', NULL);
INSERT INTO public.identity_endpoints VALUES ('6686d682758945a0b72dde9a5ddbfe8f', '4677f4c91d3148ddb21d4aec81182557', 'RegionOne', 'internal', 'dialled:network', true, '{}', '2026-11-30 07:34:26.367216', NULL);
INSERT INTO public.identity_endpoints VALUES ('e641ab46e9254aaaaf3619de2a8513f7', '4677f4c91d3148ddb21d4aec81182557', 'RegionOne', 'admin', 'dialled:network', true, '{}', '2026-11-30 07:34:26.367218', NULL);
INSERT INTO public.identity_endpoints VALUES ('7f24da7865494f4cade55a601509263d', 'd8998bd47f9f4a36aa91c0e456a85cb9', 'RegionOne', 'public', 'dialled:compute', true, '{}', '2026-11-30 07:34:26.369002', NULL);
INSERT INTO public.identity_endpoints VALUES ('b2c603bb47344b758e9d53fb48565877', 'd8998bd47f9f4a36aa91c0e456a85cb9', 'RegionOne', 'internal', 'dialled:compute', true, '{}', '2026-11-30 07:34:26.369007', NULL);
INSERT INTO public.identity_endpoints VALUES ('10c9617668ad49ff890ab7c40c2b78cb', 'd8998bd47f9f4a36aa91c0e456a85cb9', 'RegionOne', 'admin', 'dialled:compute', true, '{}', '2026-11-30 07:34:26.36901', NULL);
INSERT INTO public.identity_endpoints VALUES ('7476dc5706f543d28d7d0a96e2c7e183', '6ef0e0b5b62049f5a344a34585a404c5', NULL, 'public', 'http://e/', true, '{}', '2026-11-30 07:34:26.951892', NULL);
INSERT INTO public.identity_groups VALUES ('be025e755421472ab918dea3518eef5e', 'estate', 'default', '', '{}', '2026-11-30 07:34:26.912299', NULL);
INSERT INTO public.identity_implied_roles VALUES ('84bb67515a3d4f3d921e4937de5dd76d', '495ba7f75dbc4b57a8a1dd00f45edf8c');
INSERT INTO public.identity_implied_roles VALUES ('495ba7f75dbc4b57a8a1dd00f45edf8c', 'df2bbc16452c4b1f9bd9ac407bd4fa7a');
INSERT INTO public.identity_implied_roles VALUES ('df2bbc16452c4b1f9bd9ac407bd4fa7a', '53bca83d0d4a49b3b4db01f260b66552');
INSERT INTO public.identity_key_rings VALUES ('fernet', 1, 'gAAAAABrDScCK3bPuPyml8SmAJ0nw2TEFoS4jgAWQRXaVD0f7Zg5XegOGwqOg-Q9N_b5EMsoJO8YKYGfwrK9-5DzhzS3hgvLPMFwvg6Zt1fn8ZMa-rQSO7rugVXriRk2SjI4bjWb52AK3qKPaOZj-jurfDE23oRZb65dvKjLbwdZuLRd7GrZIVTYGsKXL6hD6_PvAzN0OHe1mB3lgI-5JdaomMokII8Hi6OZXG7tDrMkMdUsPOrsq-oj4xuxnQYx8bZGRx1S96bmlUkQ_edcX9jCoe9-lj7GRw==');
INSERT INTO public.identity_key_rings VALUES ('credential', 1, 'gAAAAABrDScCbPk2JCnJBEvTNt4UXO_f_-l2dOUb3W5QXMjmM3Rya889TvohD9SzfNo7lH5fvGI8QS-6NQPdM6UGZTYREuslEZ9pXnciPMjGq238SGnovT0S1tX5rNiYONHsBH8eclm4zt1UZpy_-CBpd580dTlQLi0uNs9i-aKNgqERX2s_y9ZTTbBnlaZbG-_j9AlWDFTlUe7AcMDCTjC795KM5VdTPbo2siHip1SCNScvBu9g3rwZBnxloLFXtncJtNHr5OHVIlIAlEm-w-x6dke2Sp4JAg==');
INSERT INTO public.identity_passwords VALUES (1, 'bb61b33df9184871886a6d93ae72c6df', '$argon2id$v=19$m=12288,t=3,p=1$5eGPQoi4IqU41Xep6AU1kw$Cyd5KauYPGN1OwqAqjZtNwKNdPsU++wJXwGMrt8IaYc', false, '2026-11-30 07:34:26.186623', NULL);
INSERT INTO public.identity_passwords VALUES (2, '99876a69edee46c89218a2d4a186af2d', '$argon2id$v=19$m=12288,t=3,p=1$w7VYD2BHYGt1hGkNXn083w$yUyj1vRoSOtPw4SOHcTEU18m0XxIjRJ+91u6N2EB79I', false, '2026-11-30 07:34:26.218637', NULL);
INSERT INTO public.identity_passwords VALUES (3, '8bb05b5fc4db4e69bf8d27cf2e064560', '$argon2id$v=19$m=12288,t=3,p=1$xlYq96DzardiL50r2hSuCA$x9xzdeKNpwciCGBZtgpDuYHbhT9g9alws4AmKaqJJbY', false, '2026-11-30 07:34:26.245116', NULL);
INSERT INTO public.identity_passwords VALUES (4, 'f50c86a059ed47d8ab5ac55fd35e31d4', '$argon2id$v=19$m=12288,t=3,p=1$jzapi9K/gcOUWMwU5vd0Dw$J/V+DLzOFHDkItrEUF8T8TIra25YYGmZ1/rJxUaF2sU', false, '2026-11-30 07:34:26.274018', NULL);
INSERT INTO public.identity_passwords VALUES (5, '2d67f1a6b48d4a80ab9e8cfef3ee9ebd', '$argon2id$v=19$m=12288,t=3,p=1$xKoimEcMuCMPf/F8N3mQjA$ydxo0lnIb9q55FsLFQTsfeEhtE7CNXRlzZWogW530+0', false, '2026-11-30 07:34:26.308969', NULL);
INSERT INTO public.identity_passwords VALUES (6, '18042211359e41979b64659f199bbca3', '$argon2id$v=19$m=12288,t=3,p=1$QE1N2QZlv1ch9t8O20d9QA$rVZFdOWKm+z2X1MvjQn9qpULb8rg21WtkP8rMCcaMZY', false, '2026-11-30 07:34:26.341353', NULL);
INSERT INTO public.identity_policies VALUES ('e198efe945c14da580fca88cd845d5aa', 'application/json', '{}', '{}', '2026-11-30 07:34:26.99181', NULL);
INSERT INTO public.identity_premade VALUES ('domain');
INSERT INTO public.identity_premade VALUES ('project admin');
INSERT INTO public.identity_premade VALUES ('project demo');
INSERT INTO public.identity_premade VALUES ('project service');
INSERT INTO public.identity_premade VALUES ('roles');
INSERT INTO public.identity_premade VALUES ('user admin');
INSERT INTO public.identity_premade VALUES ('user demo');
INSERT INTO public.identity_premade VALUES ('service users');
INSERT INTO public.identity_premade VALUES ('region');
INSERT INTO public.identity_premade VALUES ('service identity');
INSERT INTO public.identity_premade VALUES ('service placement');
INSERT INTO public.identity_premade VALUES ('service image');
INSERT INTO public.identity_premade VALUES ('service network');
INSERT INTO public.identity_premade VALUES ('service compute');
INSERT INTO public.identity_projects VALUES ('default', 'Default', '', NULL, true, true, 'The default domain', '{}', '{}', '2026-11-30 07:34:26.132721', NULL);
INSERT INTO public.identity_projects VALUES ('78d33ceda150460db73467f8466518a2', 'admin', 'default', 'default', false, true, '', '{}', '{}', '2026-11-30 07:34:26.134964', NULL);
INSERT INTO public.identity_projects VALUES ('d064a32917fd4b97be1365308c96bc00', 'demo', 'default', 'default', false, true, '', '{}', '{}', '2026-11-30 07:34:26.136032', NULL);
INSERT INTO public.identity_projects VALUES ('074642496b3142a39e52aa7254a78b0d', 'service', 'default', 'default', false, true, '', '{}', '{}', '2026-11-30 07:34:26.136787', NULL);
INSERT INTO public.identity_projects VALUES ('c355c2a9452e4728a6908fb0d38083cb', 'estate', '', NULL, true, true, '', '{}', '{}', '2026-11-30 07:34:26.928766', NULL);
INSERT INTO public.identity_regions VALUES ('RegionOne', '', NULL, '{}', '2026-11-30 07:34:26.348995', NULL);
INSERT INTO public.identity_regions VALUES ('estate', '', NULL, '{}', '2026-11-30 07:34:26.933068', NULL);
INSERT INTO public.identity_roles VALUES ('84bb67515a3d4f3d921e4937de5dd76d', 'admin', '', NULL, '{"immutable":true}', '{}', '2026-11-30 07:34:26.137971', NULL);
INSERT INTO public.identity_roles VALUES ('495ba7f75dbc4b57a8a1dd00f45edf8c', 'manager', '', NULL, '{"immutable":true}', '{}', '2026-11-30 07:34:26.137978', NULL);
INSERT INTO public.identity_roles VALUES ('df2bbc16452c4b1f9bd9ac407bd4fa7a', 'member', '', NULL, '{"immutable":true}', '{}', '2026-11-30 07:34:26.137981', NULL);
INSERT INTO public.identity_roles VALUES ('53bca83d0d4a49b3b4db01f260b66552', 'reader', '', NULL, '{"immutable":true}', '{}', '2026-11-30 07:34:26.137984', NULL);
INSERT INTO public.identity_roles VALUES ('fa2f59b246824adbbedd404ac9aff490', 'service', '', NULL, '{"immutable":true}', '{}', '2026-11-30 07:34:26.137985', NULL);
INSERT INTO public.identity_roles VALUES ('5a92058d286148cc94f403047ce417a2', 'estate', '', NULL, '{}', '{}', '2026-11-30 07:34:26.915769', NULL);
INSERT INTO public.identity_roles VALUES ('d34903d1c36b4cfb8b9f211fb04208a0', 'estate-implied', '', NULL, '{}', '{}', '2026-11-30 07:34:26.92408', NULL);
INSERT INTO public.identity_services VALUES ('b8ef84a0e8de476389ce0e7c8f3f1701', 'identity', 'keystone', true, '{"description":""}', '2026-11-30 07:34:26.350656', NULL);
INSERT INTO public.identity_services VALUES ('752a2cf2a3104f0fae027e39ac5b438f', 'placement', 'placement', true, '{"description":""}', '2026-11-30 07:34:26.361255', NULL);
INSERT INTO public.identity_services VALUES ('b6ea680120444a7ab056804983e0e807', 'image', 'glance', true, '{"description":""}', '2026-11-30 07:34:26.364245', NULL);
INSERT INTO public.identity_services VALUES ('4677f4c91d3148ddb21d4aec81182557', 'network', 'neutron', true, '{"description":""}', '2026-11-30 07:34:26.366209', NULL);
INSERT INTO public.identity_services VALUES ('d8998bd47f9f4a36aa91c0e456a85cb9', 'compute', 'nova', true, '{"description":""}', '2026-11-30 07:34:26.368124', NULL);
INSERT INTO public.identity_services VALUES ('6ef0e0b5b62049f5a344a34585a404c5', 'estate', '', true, '{}', '2026-11-30 07:34:26.935994', NULL);
INSERT INTO public.identity_users VALUES ('8bb05b5fc4db4e69bf8d27cf2e064560', 'glance', 'default', true, NULL, '{}', '{}', 0, NULL, NULL, '2026-11-30 07:34:26.22435', NULL);
INSERT INTO public.identity_users VALUES ('f50c86a059ed47d8ab5ac55fd35e31d4', 'neutron', 'default', true, NULL, '{}', '{}', 0, NULL, NULL, '2026-11-30 07:34:26.24774', NULL);
INSERT INTO public.identity_users VALUES ('2d67f1a6b48d4a80ab9e8cfef3ee9ebd', 'nova', 'default', true, NULL, '{}', '{}', 0, NULL, NULL, '2026-11-30 07:34:26.276276', NULL);
INSERT INTO public.identity_users VALUES ('18042211359e41979b64659f199bbca3', 'placement', 'default', true, NULL, '{}', '{}', 0, NULL, NULL, '2026-11-30 07:34:26.315775', NULL);
INSERT INTO public.identity_users VALUES ('bb61b33df9184871886a6d93ae72c6df', 'admin', 'default', true, NULL, '{}', '{}', 0, NULL, '2026-11-30 07:34:26.556099', '2026-11-30 07:34:26.141229', '2026-11-30 07:34:26.557235');
INSERT INTO public.identity_users VALUES ('99876a69edee46c89218a2d4a186af2d', 'demo', 'default', true, NULL, '{}', '{}', 0, NULL, '2026-11-30 07:34:26.624756', '2026-11-30 07:34:26.197286', '2026-11-30 07:34:26.63058');
INSERT INTO public.image_images VALUES ('4ef07cb2-1f18-404d-83f7-c973aa9d1272', 'cirros', 'active', 'public', '78d33ceda150460db73467f8466518a2', 'raw', 'bare', 65536, 65536, '5c137faad0a3648ec7acf2276f103e67', 'sha512', 'ac38ab1f45596e8257ad9fd0e396a88b1cb5eabc31c2b1fbbbdbe30bd809f91b29e854be4fb832f3a99fdd46206db7a283cf69933d68e6aef9774ecbfcd579fd', 0, 0, false, false, '{"architecture":"x86_64"}', '["cirros-0.6.3-x86_64-disk"]', '2026-11-30 07:34:26.422983', '2026-11-30 07:34:26.422985', NULL, NULL, NULL, '["file"]', NULL, NULL);
INSERT INTO public.image_images VALUES ('615879b5-c33a-4ad8-ac63-e8791ccc9fa8', 'cirros-alt', 'active', 'public', '78d33ceda150460db73467f8466518a2', 'raw', 'bare', 65536, 65536, 'bed01594177db30ad03e5d4188e763d2', 'sha512', 'c9ea53260f41f002f90d070d63623b3bb3150518175d7dd1dc8ae169ecd2b0283506eca85a7cb8e38907f990f474696c902f50ce690f2252db999ebf54ad04fc', 0, 0, false, false, '{"architecture":"x86_64"}', '[]', '2026-11-30 07:34:26.426406', '2026-11-30 07:34:26.426409', NULL, NULL, NULL, '["file"]', NULL, NULL);
INSERT INTO public.image_images VALUES ('28721e27-0e08-45e8-9269-f592af0038ff', 'cirros-0.6.3-x86_64-disk', 'active', 'public', '78d33ceda150460db73467f8466518a2', 'raw', 'bare', 65536, 65536, '5c137faad0a3648ec7acf2276f103e67', 'sha512', 'ac38ab1f45596e8257ad9fd0e396a88b1cb5eabc31c2b1fbbbdbe30bd809f91b29e854be4fb832f3a99fdd46206db7a283cf69933d68e6aef9774ecbfcd579fd', 0, 0, false, false, '{"architecture":"x86_64","description":"The same data as the image cirros"}', '[]', '2026-11-30 07:34:26.42969', '2026-11-30 07:34:26.42969', NULL, NULL, NULL, '["file"]', NULL, NULL);
INSERT INTO public.image_images VALUES ('4b2ca4e6-9f34-42d9-87a1-68851af76513', 'estate', 'active', 'shared', 'd064a32917fd4b97be1365308c96bc00', 'raw', 'bare', 1024, 1024, '7265f4d211b56873a381d321f586e4a9', 'sha512', 'fa41ec783342d4c23e7b6550f1e96e32a16269e390449e5fdda60f05611ecb08dd56a5b8cde90024b7da934cdb9a9cc8c8a310eb20e25227699bbf6518e23360', 0, 0, false, false, '{}', '["one"]', '2026-11-30 07:34:26.874154', '2026-11-30 07:34:26.888485', NULL, NULL, NULL, '["file"]', NULL, NULL);
INSERT INTO public.image_members VALUES ('4b2ca4e6-9f34-42d9-87a1-68851af76513', '00000000000000000000000000000000', 'pending', '2026-11-30 07:34:26.894818', '2026-11-30 07:34:26.894821');
INSERT INTO public.image_metadef_namespaces VALUES (1, 'OS::Compute::VirtCPUTopology', 'Virtual CPU topology', 'How the virtual processors of a guest are laid out in sockets, cores and threads.', 'public', true, '78d33ceda150460db73467f8466518a2', '2026-11-30 07:34:26.374504', '2026-11-30 07:34:26.374508');
INSERT INTO public.image_metadef_namespaces VALUES (2, 'OS::Compute::CPUPinning', 'CPU pinning', 'Whether virtual processors have host processors of their own.', 'public', true, '78d33ceda150460db73467f8466518a2', '2026-11-30 07:34:26.376243', '2026-11-30 07:34:26.376246');
INSERT INTO public.image_metadef_namespaces VALUES (3, 'OS::Compute::GuestMemoryBacking', 'Guest memory', 'The pages of the host that a guest''s memory lies in.', 'public', true, '78d33ceda150460db73467f8466518a2', '2026-11-30 07:34:26.383395', '2026-11-30 07:34:26.383398');
INSERT INTO public.image_metadef_namespaces VALUES (4, 'OS::Compute::Watchdog', 'Watchdog', 'What happens when a guest stops feeding its watchdog.', 'public', true, '78d33ceda150460db73467f8466518a2', '2026-11-30 07:34:26.386005', '2026-11-30 07:34:26.386008');
INSERT INTO public.image_metadef_namespaces VALUES (5, 'OS::Compute::RandomNumberGenerator', 'Random numbers', 'How much of the host''s random numbers guests of a flavor may have.', 'public', true, '78d33ceda150460db73467f8466518a2', '2026-11-30 07:34:26.388257', '2026-11-30 07:34:26.388259');
INSERT INTO public.image_metadef_namespaces VALUES (6, 'OS::Compute::Quota', 'Shares and rates', 'Limits of processor, disk and network that a flavor sets for its guests.', 'public', true, '78d33ceda150460db73467f8466518a2', '2026-11-30 07:34:26.390154', '2026-11-30 07:34:26.390157');
INSERT INTO public.image_metadef_namespaces VALUES (7, 'OS::Compute::LibvirtImage', 'Virtual hardware', 'The devices a guest of an image is given. The hypervisor of this cloud honours the machine type and the firmware; its disks, network cards and random numbers are virtio.', 'public', true, '78d33ceda150460db73467f8466518a2', '2026-11-30 07:34:26.394088', '2026-11-30 07:34:26.394091');
INSERT INTO public.image_metadef_namespaces VALUES (8, 'OS::Glance::CommonImageProperties', 'Common image properties', 'What most clouds note of their images.', 'public', true, '78d33ceda150460db73467f8466518a2', '2026-11-30 07:34:26.396765', '2026-11-30 07:34:26.396773');
INSERT INTO public.image_metadef_namespaces VALUES (9, 'OS::Compute::InstanceData', 'Data for the guest', 'How a guest gets what it has to know of itself.', 'public', true, '78d33ceda150460db73467f8466518a2', '2026-11-30 07:34:26.399161', '2026-11-30 07:34:26.399163');
INSERT INTO public.image_metadef_namespaces VALUES (10, 'OS::Software::Runtimes', 'Runtime environments', 'Languages whose programs run in a guest without further installation. A note for people and programs that read it; nothing is installed.', 'public', true, '78d33ceda150460db73467f8466518a2', '2026-11-30 07:34:26.401211', '2026-11-30 07:34:26.401214');
INSERT INTO public.image_metadef_namespaces VALUES (11, 'OS::Software::WebServers', 'Web servers', 'Web servers in a guest, and where they listen. A note; nothing is installed.', 'public', true, '78d33ceda150460db73467f8466518a2', '2026-11-30 07:34:26.40342', '2026-11-30 07:34:26.403423');
INSERT INTO public.image_metadef_namespaces VALUES (12, 'OS::Software::DBMS', 'Databases', 'Database servers in a guest, and where they listen. A note; nothing is installed.', 'public', true, '78d33ceda150460db73467f8466518a2', '2026-11-30 07:34:26.406446', '2026-11-30 07:34:26.406448');
INSERT INTO public.image_metadef_objects VALUES ('{"description":"Java is installed.","properties":{"sw_runtime_java_version":{"title":"Version","description":"Version of Java","type":"string"}}}', 1, 10, 'Java', '2026-11-30 07:34:26.404932', '2026-11-30 07:34:26.404935');
INSERT INTO public.image_metadef_objects VALUES ('{"description":"Perl is installed.","properties":{"sw_runtime_perl_version":{"title":"Version","description":"Version of Perl","type":"string"}}}', 2, 10, 'Perl', '2026-11-30 07:34:26.404935', '2026-11-30 07:34:26.404936');
INSERT INTO public.image_metadef_objects VALUES ('{"description":"PHP is installed.","properties":{"sw_runtime_php_version":{"title":"Version","description":"Version of PHP","type":"string"}}}', 3, 10, 'PHP', '2026-11-30 07:34:26.404936', '2026-11-30 07:34:26.404936');
INSERT INTO public.image_metadef_objects VALUES ('{"description":"Python is installed.","properties":{"sw_runtime_python_version":{"title":"Version","description":"Version of Python","type":"string"}}}', 4, 10, 'Python', '2026-11-30 07:34:26.404937', '2026-11-30 07:34:26.404937');
INSERT INTO public.image_metadef_objects VALUES ('{"description":"Ruby is installed.","properties":{"sw_runtime_ruby_version":{"title":"Version","description":"Version of Ruby","type":"string"}}}', 5, 10, 'Ruby', '2026-11-30 07:34:26.404937', '2026-11-30 07:34:26.404938');
INSERT INTO public.image_metadef_objects VALUES ('{"description":"Apache HTTP Server is installed.","properties":{"sw_webserver_apache_version":{"title":"Version","description":"Version of Apache HTTP Server","type":"string"},"sw_webserver_apache_http_port":{"title":"HTTP port","description":"Where it listens without TLS","type":"integer","minimum":1,"maximum":65535},"sw_webserver_apache_https_port":{"title":"HTTPS port","description":"Where it listens with TLS","type":"integer","minimum":1,"maximum":65535}}}', 6, 11, 'Apache HTTP Server', '2026-11-30 07:34:26.408315', '2026-11-30 07:34:26.408319');
INSERT INTO public.image_metadef_objects VALUES ('{"description":"Nginx is installed.","properties":{"sw_webserver_nginx_version":{"title":"Version","description":"Version of Nginx","type":"string"},"sw_webserver_nginx_http_port":{"title":"HTTP port","description":"Where it listens without TLS","type":"integer","minimum":1,"maximum":65535},"sw_webserver_nginx_https_port":{"title":"HTTPS port","description":"Where it listens with TLS","type":"integer","minimum":1,"maximum":65535}}}', 7, 11, 'Nginx', '2026-11-30 07:34:26.408319', '2026-11-30 07:34:26.408319');
INSERT INTO public.image_metadef_objects VALUES ('{"description":"IIS is installed.","properties":{"sw_webserver_iis_version":{"title":"Version","description":"Version of IIS","type":"string"},"sw_webserver_iis_http_port":{"title":"HTTP port","description":"Where it listens without TLS","type":"integer","minimum":1,"maximum":65535},"sw_webserver_iis_https_port":{"title":"HTTPS port","description":"Where it listens with TLS","type":"integer","minimum":1,"maximum":65535}}}', 8, 11, 'IIS', '2026-11-30 07:34:26.40832', '2026-11-30 07:34:26.40832');
INSERT INTO public.image_metadef_objects VALUES ('{"description":"CouchDB is installed.","properties":{"sw_database_couchdb_version":{"title":"Version","description":"Version of CouchDB","type":"string"},"sw_database_couchdb_listen_port":{"title":"Port","description":"Where it listens","type":"integer","minimum":1,"maximum":65535},"sw_database_couchdb_admin":{"title":"Administrator","description":"Name of its administrator","type":"string"}}}', 9, 12, 'CouchDB', '2026-11-30 07:34:26.41169', '2026-11-30 07:34:26.411693');
INSERT INTO public.image_metadef_objects VALUES ('{"description":"MongoDB is installed.","properties":{"sw_database_mongodb_version":{"title":"Version","description":"Version of MongoDB","type":"string"},"sw_database_mongodb_listen_port":{"title":"Port","description":"Where it listens","type":"integer","minimum":1,"maximum":65535},"sw_database_mongodb_admin":{"title":"Administrator","description":"Name of its administrator","type":"string"}}}', 10, 12, 'MongoDB', '2026-11-30 07:34:26.411693', '2026-11-30 07:34:26.411694');
INSERT INTO public.image_metadef_objects VALUES ('{"description":"MySQL is installed.","properties":{"sw_database_mysql_version":{"title":"Version","description":"Version of MySQL","type":"string"},"sw_database_mysql_listen_port":{"title":"Port","description":"Where it listens","type":"integer","minimum":1,"maximum":65535},"sw_database_mysql_admin":{"title":"Administrator","description":"Name of its administrator","type":"string"}}}', 11, 12, 'MySQL', '2026-11-30 07:34:26.411694', '2026-11-30 07:34:26.411695');
INSERT INTO public.image_metadef_objects VALUES ('{"description":"PostgreSQL is installed.","properties":{"sw_database_postgresql_version":{"title":"Version","description":"Version of PostgreSQL","type":"string"},"sw_database_postgresql_listen_port":{"title":"Port","description":"Where it listens","type":"integer","minimum":1,"maximum":65535},"sw_database_postgresql_admin":{"title":"Administrator","description":"Name of its administrator","type":"string"}}}', 12, 12, 'PostgreSQL', '2026-11-30 07:34:26.411695', '2026-11-30 07:34:26.411695');
INSERT INTO public.image_metadef_objects VALUES ('{"description":"Redis is installed.","properties":{"sw_database_redis_version":{"title":"Version","description":"Version of Redis","type":"string"},"sw_database_redis_listen_port":{"title":"Port","description":"Where it listens","type":"integer","minimum":1,"maximum":65535},"sw_database_redis_admin":{"title":"Administrator","description":"Name of its administrator","type":"string"}}}', 13, 12, 'Redis', '2026-11-30 07:34:26.411696', '2026-11-30 07:34:26.411696');
INSERT INTO public.image_metadef_objects VALUES ('{"description":"Apache Cassandra is installed.","properties":{"sw_database_cassandra_version":{"title":"Version","description":"Version of Apache Cassandra","type":"string"},"sw_database_cassandra_listen_port":{"title":"Port","description":"Where it listens","type":"integer","minimum":1,"maximum":65535},"sw_database_cassandra_admin":{"title":"Administrator","description":"Name of its administrator","type":"string"}}}', 14, 12, 'Apache Cassandra', '2026-11-30 07:34:26.411696', '2026-11-30 07:34:26.411697');
INSERT INTO public.image_metadef_objects VALUES ('{"description":"SQL Server is installed.","properties":{"sw_database_sqlserver_version":{"title":"Version","description":"Version of SQL Server","type":"string"},"sw_database_sqlserver_listen_port":{"title":"Port","description":"Where it listens","type":"integer","minimum":1,"maximum":65535},"sw_database_sqlserver_edition":{"title":"Edition","description":"Which edition it is","type":"string"}}}', 15, 12, 'SQL Server', '2026-11-30 07:34:26.411697', '2026-11-30 07:34:26.411697');
INSERT INTO public.image_metadef_objects VALUES ('{"description":"Oracle is installed.","properties":{"sw_database_oracle_version":{"title":"Version","description":"Version of Oracle","type":"string"},"sw_database_oracle_listen_port":{"title":"Port","description":"Where it listens","type":"integer","minimum":1,"maximum":65535},"sw_database_oracle_edition":{"title":"Edition","description":"Which edition it is","type":"string"}}}', 16, 12, 'Oracle', '2026-11-30 07:34:26.411698', '2026-11-30 07:34:26.411698');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"sockets","description":"So many sockets","type":"integer","minimum":1}', 1, 1, 'cpu_sockets', '2026-11-30 07:34:26.380909', '2026-11-30 07:34:26.380913');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"cores","description":"So many cores","type":"integer","minimum":1}', 2, 1, 'cpu_cores', '2026-11-30 07:34:26.380913', '2026-11-30 07:34:26.380914');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"threads","description":"So many threads","type":"integer","minimum":1}', 3, 1, 'cpu_threads', '2026-11-30 07:34:26.380914', '2026-11-30 07:34:26.380915');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"Most sockets","description":"At most so many sockets","type":"integer","minimum":1}', 4, 1, 'cpu_max_sockets', '2026-11-30 07:34:26.380915', '2026-11-30 07:34:26.380916');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"Most cores","description":"At most so many cores","type":"integer","minimum":1}', 5, 1, 'cpu_max_cores', '2026-11-30 07:34:26.380917', '2026-11-30 07:34:26.380917');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"Most threads","description":"At most so many threads","type":"integer","minimum":1}', 6, 1, 'cpu_max_threads', '2026-11-30 07:34:26.380918', '2026-11-30 07:34:26.380918');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"CPU policy","description":"Share processors or not","type":"string","enum":["shared","dedicated"]}', 7, 2, 'cpu_policy', '2026-11-30 07:34:26.384654', '2026-11-30 07:34:26.384658');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"CPU thread policy","description":"What is done about threads of one core","type":"string","enum":["prefer","isolate","require"]}', 8, 2, 'cpu_thread_policy', '2026-11-30 07:34:26.384658', '2026-11-30 07:34:26.384659');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"Page size","description":"small, large, any, or a size such as 2MB","type":"string"}', 9, 3, 'mem_page_size', '2026-11-30 07:34:26.387291', '2026-11-30 07:34:26.387293');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"Action","description":"Done to the guest","type":"string","enum":["disabled","reset","poweroff","pause","none"]}', 10, 4, 'watchdog_action', '2026-11-30 07:34:26.389412', '2026-11-30 07:34:26.389415');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"Allowed","description":"Whether guests have the device at all","type":"boolean","default":false}', 11, 5, 'allowed', '2026-11-30 07:34:26.392708', '2026-11-30 07:34:26.392711');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"Bytes","description":"Bytes in one period","type":"integer","minimum":1}', 12, 5, 'rate_bytes', '2026-11-30 07:34:26.392712', '2026-11-30 07:34:26.392712');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"Period","description":"Length of a period in milliseconds","type":"integer","minimum":1}', 13, 5, 'rate_period', '2026-11-30 07:34:26.392713', '2026-11-30 07:34:26.392713');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"CPU shares","description":"Weight against other guests","type":"integer","minimum":1}', 14, 6, 'cpu_shares', '2026-11-30 07:34:26.395276', '2026-11-30 07:34:26.395278');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"CPU period","description":"Microseconds in which the quota is counted","type":"integer","minimum":1000}', 15, 6, 'cpu_period', '2026-11-30 07:34:26.395279', '2026-11-30 07:34:26.395279');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"CPU quota","description":"Microseconds of processor in a period","type":"integer","minimum":-1}', 16, 6, 'cpu_quota', '2026-11-30 07:34:26.39528', '2026-11-30 07:34:26.39528');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"read bytes","description":"bytes a second, disk read","type":"integer","minimum":0}', 17, 6, 'disk_read_bytes_sec', '2026-11-30 07:34:26.39528', '2026-11-30 07:34:26.395281');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"read iops","description":"iops a second, disk read","type":"integer","minimum":0}', 18, 6, 'disk_read_iops_sec', '2026-11-30 07:34:26.395281', '2026-11-30 07:34:26.395281');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"write bytes","description":"bytes a second, disk write","type":"integer","minimum":0}', 19, 6, 'disk_write_bytes_sec', '2026-11-30 07:34:26.395282', '2026-11-30 07:34:26.395282');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"write iops","description":"iops a second, disk write","type":"integer","minimum":0}', 20, 6, 'disk_write_iops_sec', '2026-11-30 07:34:26.395282', '2026-11-30 07:34:26.395282');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"total bytes","description":"bytes a second, disk total","type":"integer","minimum":0}', 21, 6, 'disk_total_bytes_sec', '2026-11-30 07:34:26.395283', '2026-11-30 07:34:26.395283');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"total iops","description":"iops a second, disk total","type":"integer","minimum":0}', 22, 6, 'disk_total_iops_sec', '2026-11-30 07:34:26.395284', '2026-11-30 07:34:26.395284');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"inbound average","description":"Network, inbound, average","type":"integer","minimum":0}', 23, 6, 'vif_inbound_average', '2026-11-30 07:34:26.395284', '2026-11-30 07:34:26.395284');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"inbound burst","description":"Network, inbound, burst","type":"integer","minimum":0}', 24, 6, 'vif_inbound_burst', '2026-11-30 07:34:26.395285', '2026-11-30 07:34:26.395285');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"inbound peak","description":"Network, inbound, peak","type":"integer","minimum":0}', 25, 6, 'vif_inbound_peak', '2026-11-30 07:34:26.395285', '2026-11-30 07:34:26.395286');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"outbound average","description":"Network, outbound, average","type":"integer","minimum":0}', 26, 6, 'vif_outbound_average', '2026-11-30 07:34:26.395286', '2026-11-30 07:34:26.395286');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"outbound burst","description":"Network, outbound, burst","type":"integer","minimum":0}', 27, 6, 'vif_outbound_burst', '2026-11-30 07:34:26.395287', '2026-11-30 07:34:26.395287');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"outbound peak","description":"Network, outbound, peak","type":"integer","minimum":0}', 28, 6, 'vif_outbound_peak', '2026-11-30 07:34:26.395287', '2026-11-30 07:34:26.395288');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"Machine type","description":"Board that is emulated, such as q35 or virt","type":"string"}', 29, 7, 'hw_machine_type', '2026-11-30 07:34:26.397952', '2026-11-30 07:34:26.397955');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"Disk bus","description":"How disks are attached","type":"string","enum":["scsi","virtio","uml","xen","ide","usb"]}', 30, 7, 'hw_disk_bus', '2026-11-30 07:34:26.397955', '2026-11-30 07:34:26.397956');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"Network card","description":"Model of the network cards","type":"string","enum":["e1000","e1000e","ne2k_pci","netfront","pcnet","rtl8139","virtio"]}', 31, 7, 'hw_vif_model', '2026-11-30 07:34:26.397956', '2026-11-30 07:34:26.397956');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"Random numbers","description":"Model of the device","type":"string","enum":["virtio"]}', 32, 7, 'hw_rng_model', '2026-11-30 07:34:26.397957', '2026-11-30 07:34:26.397957');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"Video","description":"Model of the display","type":"string","enum":["vga","cirrus","vmvga","xen","qxl","virtio"]}', 33, 7, 'hw_video_model', '2026-11-30 07:34:26.397957', '2026-11-30 07:34:26.397958');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"Firmware","description":"What starts the guest","type":"string","enum":["bios","uefi"]}', 34, 7, 'hw_firmware_type', '2026-11-30 07:34:26.397958', '2026-11-30 07:34:26.397958');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"Guest agent","description":"Whether it is there","type":"string","enum":["yes","no"]}', 35, 7, 'hw_qemu_guest_agent', '2026-11-30 07:34:26.397959', '2026-11-30 07:34:26.397959');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"Quiesce","description":"Snapshots need the agent","type":"string","enum":["yes","no"]}', 36, 7, 'os_require_quiesce', '2026-11-30 07:34:26.397959', '2026-11-30 07:34:26.39796');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"Architecture","description":"Processors it runs on, as uname -m says","type":"string"}', 37, 8, 'architecture', '2026-11-30 07:34:26.400173', '2026-11-30 07:34:26.400176');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"Distribution","description":"Name of the operating system''s distribution","type":"string"}', 38, 8, 'os_distro', '2026-11-30 07:34:26.400176', '2026-11-30 07:34:26.400176');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"Version","description":"Version of the operating system","type":"string"}', 39, 8, 'os_version', '2026-11-30 07:34:26.400177', '2026-11-30 07:34:26.400177');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"Administrator","description":"User who may administer the guest","type":"string"}', 40, 8, 'os_admin_user', '2026-11-30 07:34:26.400177', '2026-11-30 07:34:26.400178');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"Kernel","description":"Id of the image that is its kernel","type":"string"}', 41, 8, 'kernel_id', '2026-11-30 07:34:26.400178', '2026-11-30 07:34:26.400179');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"RAM disk","description":"Id of the image that is its RAM disk","type":"string"}', 42, 8, 'ramdisk_id', '2026-11-30 07:34:26.400179', '2026-11-30 07:34:26.400179');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"Server","description":"Id of the server the image was made of","type":"string"}', 43, 8, 'instance_uuid', '2026-11-30 07:34:26.400179', '2026-11-30 07:34:26.40018');
INSERT INTO public.image_metadef_properties VALUES ('{"title":"Config drive","description":"Mandatory: every server gets a config drive","type":"string","enum":["mandatory","optional"]}', 44, 9, 'img_config_drive', '2026-11-30 07:34:26.402538', '2026-11-30 07:34:26.40254');
INSERT INTO public.image_metadef_resource_type_associations VALUES ('hw_', NULL, 1, 1, 'OS::Glance::Image', '2026-11-30 07:34:26.378789', '2026-11-30 07:34:26.378791');
INSERT INTO public.image_metadef_resource_type_associations VALUES ('hw_', 'image', 2, 1, 'OS::Cinder::Volume', '2026-11-30 07:34:26.378792', '2026-11-30 07:34:26.378792');
INSERT INTO public.image_metadef_resource_type_associations VALUES ('hw:', NULL, 3, 1, 'OS::Nova::Flavor', '2026-11-30 07:34:26.378793', '2026-11-30 07:34:26.378793');
INSERT INTO public.image_metadef_resource_type_associations VALUES ('hw_', NULL, 4, 2, 'OS::Glance::Image', '2026-11-30 07:34:26.383905', '2026-11-30 07:34:26.383908');
INSERT INTO public.image_metadef_resource_type_associations VALUES ('hw_', 'image', 5, 2, 'OS::Cinder::Volume', '2026-11-30 07:34:26.383909', '2026-11-30 07:34:26.383909');
INSERT INTO public.image_metadef_resource_type_associations VALUES ('hw:', NULL, 6, 2, 'OS::Nova::Flavor', '2026-11-30 07:34:26.383909', '2026-11-30 07:34:26.38391');
INSERT INTO public.image_metadef_resource_type_associations VALUES ('hw_', NULL, 7, 3, 'OS::Glance::Image', '2026-11-30 07:34:26.386525', '2026-11-30 07:34:26.386528');
INSERT INTO public.image_metadef_resource_type_associations VALUES ('hw_', 'image', 8, 3, 'OS::Cinder::Volume', '2026-11-30 07:34:26.386529', '2026-11-30 07:34:26.386529');
INSERT INTO public.image_metadef_resource_type_associations VALUES ('hw:', NULL, 9, 3, 'OS::Nova::Flavor', '2026-11-30 07:34:26.38653', '2026-11-30 07:34:26.38653');
INSERT INTO public.image_metadef_resource_type_associations VALUES ('hw_', NULL, 10, 4, 'OS::Glance::Image', '2026-11-30 07:34:26.388832', '2026-11-30 07:34:26.388834');
INSERT INTO public.image_metadef_resource_type_associations VALUES ('hw_', 'image', 11, 4, 'OS::Cinder::Volume', '2026-11-30 07:34:26.388835', '2026-11-30 07:34:26.388835');
INSERT INTO public.image_metadef_resource_type_associations VALUES ('hw:', NULL, 12, 4, 'OS::Nova::Flavor', '2026-11-30 07:34:26.388836', '2026-11-30 07:34:26.388836');
INSERT INTO public.image_metadef_resource_type_associations VALUES ('hw_rng:', NULL, 13, 5, 'OS::Nova::Flavor', '2026-11-30 07:34:26.390768', '2026-11-30 07:34:26.390771');
INSERT INTO public.image_metadef_resource_type_associations VALUES ('quota:', NULL, 14, 6, 'OS::Nova::Flavor', '2026-11-30 07:34:26.394786', '2026-11-30 07:34:26.394788');
INSERT INTO public.image_metadef_resource_type_associations VALUES (NULL, NULL, 15, 7, 'OS::Glance::Image', '2026-11-30 07:34:26.397185', '2026-11-30 07:34:26.397187');
INSERT INTO public.image_metadef_resource_type_associations VALUES (NULL, 'image', 16, 7, 'OS::Cinder::Volume', '2026-11-30 07:34:26.397187', '2026-11-30 07:34:26.397188');
INSERT INTO public.image_metadef_resource_type_associations VALUES (NULL, NULL, 17, 8, 'OS::Glance::Image', '2026-11-30 07:34:26.399593', '2026-11-30 07:34:26.399595');
INSERT INTO public.image_metadef_resource_type_associations VALUES (NULL, 'image', 18, 8, 'OS::Cinder::Volume', '2026-11-30 07:34:26.399596', '2026-11-30 07:34:26.399596');
INSERT INTO public.image_metadef_resource_type_associations VALUES (NULL, NULL, 19, 9, 'OS::Glance::Image', '2026-11-30 07:34:26.401573', '2026-11-30 07:34:26.401575');
INSERT INTO public.image_metadef_resource_type_associations VALUES (NULL, 'image', 20, 9, 'OS::Cinder::Volume', '2026-11-30 07:34:26.401576', '2026-11-30 07:34:26.401576');
INSERT INTO public.image_metadef_resource_type_associations VALUES (NULL, NULL, 21, 10, 'OS::Glance::Image', '2026-11-30 07:34:26.403812', '2026-11-30 07:34:26.403814');
INSERT INTO public.image_metadef_resource_type_associations VALUES (NULL, 'image', 22, 10, 'OS::Cinder::Volume', '2026-11-30 07:34:26.403814', '2026-11-30 07:34:26.403815');
INSERT INTO public.image_metadef_resource_type_associations VALUES (NULL, 'metadata', 23, 10, 'OS::Nova::Server', '2026-11-30 07:34:26.403815', '2026-11-30 07:34:26.403815');
INSERT INTO public.image_metadef_resource_type_associations VALUES (NULL, NULL, 24, 11, 'OS::Glance::Image', '2026-11-30 07:34:26.407135', '2026-11-30 07:34:26.407138');
INSERT INTO public.image_metadef_resource_type_associations VALUES (NULL, 'image', 25, 11, 'OS::Cinder::Volume', '2026-11-30 07:34:26.407138', '2026-11-30 07:34:26.407139');
INSERT INTO public.image_metadef_resource_type_associations VALUES (NULL, 'metadata', 26, 11, 'OS::Nova::Server', '2026-11-30 07:34:26.407145', '2026-11-30 07:34:26.407146');
INSERT INTO public.image_metadef_resource_type_associations VALUES (NULL, NULL, 27, 12, 'OS::Glance::Image', '2026-11-30 07:34:26.411126', '2026-11-30 07:34:26.411129');
INSERT INTO public.image_metadef_resource_type_associations VALUES (NULL, 'image', 28, 12, 'OS::Cinder::Volume', '2026-11-30 07:34:26.41113', '2026-11-30 07:34:26.41113');
INSERT INTO public.image_metadef_resource_type_associations VALUES (NULL, 'metadata', 29, 12, 'OS::Nova::Server', '2026-11-30 07:34:26.411131', '2026-11-30 07:34:26.411131');
INSERT INTO public.image_metadef_resource_types VALUES ('OS::Cinder::Volume', '2026-11-30 07:34:26.41395', '2026-11-30 07:34:26.413953');
INSERT INTO public.image_metadef_resource_types VALUES ('OS::Glance::Image', '2026-11-30 07:34:26.414953', '2026-11-30 07:34:26.414956');
INSERT INTO public.image_metadef_resource_types VALUES ('OS::Nova::Aggregate', '2026-11-30 07:34:26.415615', '2026-11-30 07:34:26.415618');
INSERT INTO public.image_metadef_resource_types VALUES ('OS::Nova::Flavor', '2026-11-30 07:34:26.416274', '2026-11-30 07:34:26.416277');
INSERT INTO public.image_metadef_resource_types VALUES ('OS::Nova::Server', '2026-11-30 07:34:26.41702', '2026-11-30 07:34:26.417023');
INSERT INTO public.kernel_agents VALUES ('vm', '0.1.0', '["network","guests","guest-requests"]', '2026-11-30 07:34:27.067035', '2026-11-30 07:34:27.081858');
INSERT INTO public.kernel_cloud VALUES ('2b51f901-8a26-40ed-b6f3-a472cfac9e52', '2026-11-30 07:34:26.112706');
INSERT INTO public.kernel_operations VALUES (1, 'ac2f6bf2-aaa5-48b5-a308-9ca1df05715e', 'compute', '4a363bdf-da48-45e3-86a1-8aad2d15086f', 'create', 'done', 'vm', '{}', NULL, 'req-ed81a70d-1388-4e93-82e7-3f9deb19ce34', '99876a69edee46c89218a2d4a186af2d', 'd064a32917fd4b97be1365308c96bc00', '2026-11-30 07:34:27.274288', '2026-11-30 07:34:27.274288', '2026-11-30 07:34:27.332865', '2026-11-30 07:44:27.274288');
INSERT INTO public.network_address_scopes VALUES ('s', 4, false, '0c9b8bd5-ae70-46ef-80c3-2f2890f366db', 'd064a32917fd4b97be1365308c96bc00', '', 0, '2026-11-30 07:34:26.839519', NULL);
INSERT INTO public.network_default_security_groups VALUES ('78d33ceda150460db73467f8466518a2', 'fd517bf3-af7e-402d-afc0-ce20c5e0b661');
INSERT INTO public.network_default_security_groups VALUES ('d064a32917fd4b97be1365308c96bc00', '4d30a974-48b6-4281-96a1-9ae13bc10b10');
INSERT INTO public.network_fixed_ips VALUES ('7c184752-9bbf-4fb2-8aee-1a4ffaece2d0', '10.0.0.2', 'e4715a2c-bcea-47f9-a4f4-2cdbf832ced1', '6a9c4159-490a-4ce2-8c6c-7a6e706f5059', 2, 0);
INSERT INTO public.network_fixed_ips VALUES ('633c4f38-d276-4558-b9db-5d71ed704bd3', '172.24.4.2', 'b615581f-2e32-492e-8e44-88498e15113e', 'e298d228-ea87-4c50-88b9-e67247994b16', 2, 0);
INSERT INTO public.network_fixed_ips VALUES ('7c184752-9bbf-4fb2-8aee-1a4ffaece2d0', '10.0.0.1', '183e32f5-bd4c-4bf2-9df8-ebb8802f9bc5', '6a9c4159-490a-4ce2-8c6c-7a6e706f5059', 1, 0);
INSERT INTO public.network_fixed_ips VALUES ('1398b9ac-57a5-45e0-a31f-498bbf1dc21f', '10.9.0.2', 'cd555607-9d94-4812-9d2e-1d9c0a6a33eb', '985a8ffa-4c6f-459e-bd8b-b14ca16971f3', 2, 0);
INSERT INTO public.network_fixed_ips VALUES ('1398b9ac-57a5-45e0-a31f-498bbf1dc21f', '10.9.0.3', '3474a3a3-f6e9-4c6b-b4fd-733708927a5c', '985a8ffa-4c6f-459e-bd8b-b14ca16971f3', 3, 0);
INSERT INTO public.network_fixed_ips VALUES ('633c4f38-d276-4558-b9db-5d71ed704bd3', '172.24.4.3', '674972f4-efe3-4f73-836b-6044ab3b16a4', 'e298d228-ea87-4c50-88b9-e67247994b16', 3, 0);
INSERT INTO public.network_fixed_ips VALUES ('1398b9ac-57a5-45e0-a31f-498bbf1dc21f', '10.9.0.1', '394bf22e-c013-46b7-9972-b396dad1d3a0', '985a8ffa-4c6f-459e-bd8b-b14ca16971f3', 1, 0);
INSERT INTO public.network_fixed_ips VALUES ('633c4f38-d276-4558-b9db-5d71ed704bd3', '172.24.4.4', 'bbd569a7-83d3-4251-b631-fc92709eefbb', 'e298d228-ea87-4c50-88b9-e67247994b16', 4, 0);
INSERT INTO public.network_fixed_ips VALUES ('1398b9ac-57a5-45e0-a31f-498bbf1dc21f', '10.9.0.4', '69944fc1-8bec-4888-a724-e1f3cfb0ff63', '985a8ffa-4c6f-459e-bd8b-b14ca16971f3', 4, 0);
INSERT INTO public.network_floatingips VALUES ('e298d228-ea87-4c50-88b9-e67247994b16', '172.24.4.4', 'bbd569a7-83d3-4251-b631-fc92709eefbb', '3474a3a3-f6e9-4c6b-b4fd-733708927a5c', '10.9.0.3', '18f9224f-aea4-4dfa-ab44-f2bf391707f0', 'ACTIVE', 'fb2179bd-72e2-415a-a719-fc226179532c', 'd064a32917fd4b97be1365308c96bc00', '', 1, '2026-11-30 07:34:26.78397', '2026-11-30 07:34:27.12356');
INSERT INTO public.network_networks VALUES ('public', true, false, true, true, 1500, true, 'flat', 'physnet1', NULL, 'e298d228-ea87-4c50-88b9-e67247994b16', '78d33ceda150460db73467f8466518a2', '', 2, '2026-11-30 07:34:26.444817', '2026-11-30 07:34:26.451611');
INSERT INTO public.network_networks VALUES ('private', true, false, false, false, 1450, true, 'vxlan', '', 5000, '6a9c4159-490a-4ce2-8c6c-7a6e706f5059', 'd064a32917fd4b97be1365308c96bc00', '', 2, '2026-11-30 07:34:26.481002', '2026-11-30 07:34:26.483292');
INSERT INTO public.network_networks VALUES ('estate', true, false, false, false, 1450, true, 'vxlan', '', 5001, '985a8ffa-4c6f-459e-bd8b-b14ca16971f3', 'd064a32917fd4b97be1365308c96bc00', '', 3, '2026-11-30 07:34:26.66961', '2026-11-30 07:34:26.851327');
INSERT INTO public.network_port_security_groups VALUES ('3474a3a3-f6e9-4c6b-b4fd-733708927a5c', '4d30a974-48b6-4281-96a1-9ae13bc10b10');
INSERT INTO public.network_port_security_groups VALUES ('69944fc1-8bec-4888-a724-e1f3cfb0ff63', '4d30a974-48b6-4281-96a1-9ae13bc10b10');
INSERT INTO public.network_ports VALUES ('e298d228-ea87-4c50-88b9-e67247994b16', '', 'fa:16:3e:5f:ef:a5', true, 'DOWN', 'fb2179bd-72e2-415a-a719-fc226179532c', 'network:floatingip', false, '', 'normal', '{}', '[]', '[]', '', false, 'bbd569a7-83d3-4251-b631-fc92709eefbb', '', '', 1, '2026-11-30 07:34:26.781424', NULL, 'floatingip', 'fb2179bd-72e2-415a-a719-fc226179532c');
INSERT INTO public.network_ports VALUES ('985a8ffa-4c6f-459e-bd8b-b14ca16971f3', '', 'fa:16:3e:9d:b2:31', true, 'DOWN', '', '', true, '', 'normal', '{}', '[]', '[]', '', false, '3474a3a3-f6e9-4c6b-b4fd-733708927a5c', 'd064a32917fd4b97be1365308c96bc00', '', 2, '2026-11-30 07:34:26.718775', '2026-11-30 07:34:26.857157', '', '');
INSERT INTO public.network_ports VALUES ('6a9c4159-490a-4ce2-8c6c-7a6e706f5059', '', 'fa:16:3e:eb:e4:6f', true, 'ACTIVE', 'reserved_dhcp_port', 'network:dhcp', false, '', 'normal', '{}', '[]', '[]', '', false, 'e4715a2c-bcea-47f9-a4f4-2cdbf832ced1', 'd064a32917fd4b97be1365308c96bc00', '', 1, '2026-11-30 07:34:26.489506', '2026-11-30 07:34:27.118984', 'dhcp', '6a9c4159-490a-4ce2-8c6c-7a6e706f5059');
INSERT INTO public.network_ports VALUES ('e298d228-ea87-4c50-88b9-e67247994b16', '', 'fa:16:3e:ad:12:4b', true, 'ACTIVE', '223e6320-1d34-4897-b33e-e5e6a398c173', 'network:router_gateway', false, '', 'normal', '{}', '[]', '[]', '', false, 'b615581f-2e32-492e-8e44-88498e15113e', '', '', 1, '2026-11-30 07:34:26.501608', '2026-11-30 07:34:27.118984', 'gateway', '223e6320-1d34-4897-b33e-e5e6a398c173');
INSERT INTO public.network_ports VALUES ('6a9c4159-490a-4ce2-8c6c-7a6e706f5059', '', 'fa:16:3e:70:94:8d', true, 'ACTIVE', '223e6320-1d34-4897-b33e-e5e6a398c173', 'network:router_interface', false, '', 'normal', '{}', '[]', '[]', '', false, '183e32f5-bd4c-4bf2-9df8-ebb8802f9bc5', 'd064a32917fd4b97be1365308c96bc00', '', 1, '2026-11-30 07:34:26.509996', '2026-11-30 07:34:27.118984', 'interface', '223e6320-1d34-4897-b33e-e5e6a398c173');
INSERT INTO public.network_ports VALUES ('985a8ffa-4c6f-459e-bd8b-b14ca16971f3', '', 'fa:16:3e:de:b2:b4', true, 'ACTIVE', 'reserved_dhcp_port', 'network:dhcp', false, '', 'normal', '{}', '[]', '[]', '', false, 'cd555607-9d94-4812-9d2e-1d9c0a6a33eb', 'd064a32917fd4b97be1365308c96bc00', '', 1, '2026-11-30 07:34:26.697734', '2026-11-30 07:34:27.118984', 'dhcp', '985a8ffa-4c6f-459e-bd8b-b14ca16971f3');
INSERT INTO public.network_ports VALUES ('e298d228-ea87-4c50-88b9-e67247994b16', '', 'fa:16:3e:38:72:87', true, 'ACTIVE', '18f9224f-aea4-4dfa-ab44-f2bf391707f0', 'network:router_gateway', false, '', 'normal', '{}', '[]', '[]', '', false, '674972f4-efe3-4f73-836b-6044ab3b16a4', '', '', 1, '2026-11-30 07:34:26.741751', '2026-11-30 07:34:27.118984', 'gateway', '18f9224f-aea4-4dfa-ab44-f2bf391707f0');
INSERT INTO public.network_ports VALUES ('985a8ffa-4c6f-459e-bd8b-b14ca16971f3', '', 'fa:16:3e:9c:a0:60', true, 'ACTIVE', '18f9224f-aea4-4dfa-ab44-f2bf391707f0', 'network:router_interface', false, '', 'normal', '{}', '[]', '[]', '', false, '394bf22e-c013-46b7-9972-b396dad1d3a0', 'd064a32917fd4b97be1365308c96bc00', '', 1, '2026-11-30 07:34:26.764382', '2026-11-30 07:34:27.118984', 'interface', '18f9224f-aea4-4dfa-ab44-f2bf391707f0');
INSERT INTO public.network_ports VALUES ('985a8ffa-4c6f-459e-bd8b-b14ca16971f3', '', 'fa:16:3e:97:48:20', true, 'ACTIVE', '4a363bdf-da48-45e3-86a1-8aad2d15086f', 'compute:nova', true, 'vm', 'normal', '{}', '[]', '[]', 'estate', true, '69944fc1-8bec-4888-a724-e1f3cfb0ff63', 'd064a32917fd4b97be1365308c96bc00', '', 1, '2026-11-30 07:34:27.266937', '2026-11-30 07:34:27.322463', 'server', '4a363bdf-da48-45e3-86a1-8aad2d15086f');
INSERT INTO public.network_rbac_policies VALUES ('network', 'e298d228-ea87-4c50-88b9-e67247994b16', 'access_as_external', '*', '7243fdd8-538e-4568-bc00-6c39cf7e63aa', '78d33ceda150460db73467f8466518a2', '', 0, '2026-11-30 07:34:26.447456', NULL);
INSERT INTO public.network_rbac_policies VALUES ('network', '985a8ffa-4c6f-459e-bd8b-b14ca16971f3', 'access_as_shared', '00000000000000000000000000000000', 'ef750252-d2ea-423e-b816-9fa83df916e4', 'd064a32917fd4b97be1365308c96bc00', '', 0, '2026-11-30 07:34:26.845519', NULL);
INSERT INTO public.network_routers VALUES ('router1', true, 'ACTIVE', 'e298d228-ea87-4c50-88b9-e67247994b16', 'b615581f-2e32-492e-8e44-88498e15113e', true, '[]', '223e6320-1d34-4897-b33e-e5e6a398c173', 'd064a32917fd4b97be1365308c96bc00', '', 2, '2026-11-30 07:34:26.496302', '2026-11-30 07:34:26.511205');
INSERT INTO public.network_routers VALUES ('', true, 'ACTIVE', 'e298d228-ea87-4c50-88b9-e67247994b16', '674972f4-efe3-4f73-836b-6044ab3b16a4', true, '[]', '18f9224f-aea4-4dfa-ab44-f2bf391707f0', 'd064a32917fd4b97be1365308c96bc00', '', 3, '2026-11-30 07:34:26.735644', '2026-11-30 07:34:26.861903');
INSERT INTO public.network_security_group_rules VALUES ('fd517bf3-af7e-402d-afc0-ce20c5e0b661', 'egress', 'IPv4', NULL, NULL, NULL, NULL, NULL, '4acd725e-f32a-47d7-acfd-8f0a7bf8dd66', '78d33ceda150460db73467f8466518a2', '', 0, '2026-11-30 07:34:26.460989', NULL);
INSERT INTO public.network_security_group_rules VALUES ('fd517bf3-af7e-402d-afc0-ce20c5e0b661', 'ingress', 'IPv4', NULL, NULL, NULL, NULL, 'fd517bf3-af7e-402d-afc0-ce20c5e0b661', 'ed59754f-315f-4147-ad68-eb0dfadf44dc', '78d33ceda150460db73467f8466518a2', '', 0, '2026-11-30 07:34:26.460995', NULL);
INSERT INTO public.network_security_group_rules VALUES ('fd517bf3-af7e-402d-afc0-ce20c5e0b661', 'egress', 'IPv6', NULL, NULL, NULL, NULL, NULL, '6773ed2f-f5dd-4ee2-aa3a-83860829afad', '78d33ceda150460db73467f8466518a2', '', 0, '2026-11-30 07:34:26.460997', NULL);
INSERT INTO public.network_security_group_rules VALUES ('fd517bf3-af7e-402d-afc0-ce20c5e0b661', 'ingress', 'IPv6', NULL, NULL, NULL, NULL, 'fd517bf3-af7e-402d-afc0-ce20c5e0b661', '93e2aae7-3c43-4518-98b4-2fcaf295e11f', '78d33ceda150460db73467f8466518a2', '', 0, '2026-11-30 07:34:26.461', NULL);
INSERT INTO public.network_security_group_rules VALUES ('fd517bf3-af7e-402d-afc0-ce20c5e0b661', 'ingress', 'IPv4', 'icmp', NULL, NULL, NULL, NULL, 'ab52b5fc-7822-4463-bc53-56c7de6d2fa0', '78d33ceda150460db73467f8466518a2', '', 0, '2026-11-30 07:34:26.467372', NULL);
INSERT INTO public.network_security_group_rules VALUES ('fd517bf3-af7e-402d-afc0-ce20c5e0b661', 'ingress', 'IPv4', 'tcp', 22, 22, NULL, NULL, '7f45eac6-1151-4fac-b18a-134850e24cce', '78d33ceda150460db73467f8466518a2', '', 0, '2026-11-30 07:34:26.470298', NULL);
INSERT INTO public.network_security_group_rules VALUES ('4d30a974-48b6-4281-96a1-9ae13bc10b10', 'egress', 'IPv4', NULL, NULL, NULL, NULL, NULL, 'd159bd80-0eb7-4950-8dd1-7cc8409e64d3', 'd064a32917fd4b97be1365308c96bc00', '', 0, '2026-11-30 07:34:26.472207', NULL);
INSERT INTO public.network_security_group_rules VALUES ('4d30a974-48b6-4281-96a1-9ae13bc10b10', 'ingress', 'IPv4', NULL, NULL, NULL, NULL, '4d30a974-48b6-4281-96a1-9ae13bc10b10', '8570d24e-05de-4a88-9b6f-76f4d357db5a', 'd064a32917fd4b97be1365308c96bc00', '', 0, '2026-11-30 07:34:26.472213', NULL);
INSERT INTO public.network_security_group_rules VALUES ('4d30a974-48b6-4281-96a1-9ae13bc10b10', 'egress', 'IPv6', NULL, NULL, NULL, NULL, NULL, '51b91f31-602c-4605-a748-62f7158bc80f', 'd064a32917fd4b97be1365308c96bc00', '', 0, '2026-11-30 07:34:26.472216', NULL);
INSERT INTO public.network_security_group_rules VALUES ('4d30a974-48b6-4281-96a1-9ae13bc10b10', 'ingress', 'IPv6', NULL, NULL, NULL, NULL, '4d30a974-48b6-4281-96a1-9ae13bc10b10', '97ed9c30-cad2-4d77-a0ab-3eab295ebabf', 'd064a32917fd4b97be1365308c96bc00', '', 0, '2026-11-30 07:34:26.472218', NULL);
INSERT INTO public.network_security_group_rules VALUES ('4d30a974-48b6-4281-96a1-9ae13bc10b10', 'ingress', 'IPv4', 'icmp', NULL, NULL, NULL, NULL, '89192706-c615-4359-8179-33ab185cc742', 'd064a32917fd4b97be1365308c96bc00', '', 0, '2026-11-30 07:34:26.475726', NULL);
INSERT INTO public.network_security_group_rules VALUES ('4d30a974-48b6-4281-96a1-9ae13bc10b10', 'ingress', 'IPv4', 'tcp', 22, 22, NULL, NULL, 'bd34fd43-acd0-48c3-8d4f-679ce7e97cad', 'd064a32917fd4b97be1365308c96bc00', '', 0, '2026-11-30 07:34:26.478327', NULL);
INSERT INTO public.network_security_group_rules VALUES ('43c0e4ee-8bee-44e6-85e3-0683e6d64d86', 'egress', 'IPv4', NULL, NULL, NULL, NULL, NULL, 'b46c1e04-178b-4fab-acaf-d72e732374e5', 'd064a32917fd4b97be1365308c96bc00', '', 0, '2026-11-30 07:34:26.807636', NULL);
INSERT INTO public.network_security_group_rules VALUES ('43c0e4ee-8bee-44e6-85e3-0683e6d64d86', 'egress', 'IPv6', NULL, NULL, NULL, NULL, NULL, '8d4552bf-98bd-4781-8e5f-52c7c46314f6', 'd064a32917fd4b97be1365308c96bc00', '', 0, '2026-11-30 07:34:26.807641', NULL);
INSERT INTO public.network_security_group_rules VALUES ('43c0e4ee-8bee-44e6-85e3-0683e6d64d86', 'ingress', 'IPv4', NULL, NULL, NULL, NULL, NULL, '17b36cd3-c034-4097-a5e9-2a8c3a436e73', 'd064a32917fd4b97be1365308c96bc00', '', 0, '2026-11-30 07:34:26.830913', NULL);
INSERT INTO public.network_security_groups VALUES ('default', true, true, 'fd517bf3-af7e-402d-afc0-ce20c5e0b661', '78d33ceda150460db73467f8466518a2', 'Default security group', 3, '2026-11-30 07:34:26.458774', '2026-11-30 07:34:26.469892');
INSERT INTO public.network_security_groups VALUES ('default', true, true, '4d30a974-48b6-4281-96a1-9ae13bc10b10', 'd064a32917fd4b97be1365308c96bc00', 'Default security group', 3, '2026-11-30 07:34:26.471385', '2026-11-30 07:34:26.477972');
INSERT INTO public.network_security_groups VALUES ('estate', true, false, '43c0e4ee-8bee-44e6-85e3-0683e6d64d86', 'd064a32917fd4b97be1365308c96bc00', '', 2, '2026-11-30 07:34:26.806768', '2026-11-30 07:34:26.83049');
INSERT INTO public.network_subnetpools VALUES ('p', 4, '["10.64.0.0/16"]', 8, 8, 32, NULL, NULL, false, false, '7f0e407d-6f11-4b0f-bebd-4d3d4a6faf14', 'd064a32917fd4b97be1365308c96bc00', '', 0, '2026-11-30 07:34:26.83527', NULL);
INSERT INTO public.network_subnets VALUES ('e298d228-ea87-4c50-88b9-e67247994b16', 'public-subnet', 4, '172.24.4.0/24', '172.24.4.1', false, NULL, NULL, NULL, '[{"start":"172.24.4.2","end":"172.24.4.254"}]', '[]', '[]', '[]', '633c4f38-d276-4558-b9db-5d71ed704bd3', '78d33ceda150460db73467f8466518a2', '', 0, '2026-11-30 07:34:26.452804', NULL);
INSERT INTO public.network_subnets VALUES ('6a9c4159-490a-4ce2-8c6c-7a6e706f5059', 'private-subnet', 4, '10.0.0.0/24', '10.0.0.1', true, NULL, NULL, NULL, '[{"start":"10.0.0.2","end":"10.0.0.254"}]', '[]', '[]', '[]', '7c184752-9bbf-4fb2-8aee-1a4ffaece2d0', 'd064a32917fd4b97be1365308c96bc00', '', 0, '2026-11-30 07:34:26.484115', NULL);
INSERT INTO public.network_subnets VALUES ('985a8ffa-4c6f-459e-bd8b-b14ca16971f3', '', 4, '10.9.0.0/24', '10.9.0.1', true, NULL, NULL, NULL, '[{"start":"10.9.0.2","end":"10.9.0.254"}]', '[]', '[]', '[]', '1398b9ac-57a5-45e0-a31f-498bbf1dc21f', 'd064a32917fd4b97be1365308c96bc00', '', 1, '2026-11-30 07:34:26.689749', '2026-11-30 07:34:26.866464');
INSERT INTO public.network_tags VALUES ('985a8ffa-4c6f-459e-bd8b-b14ca16971f3', 'one');
INSERT INTO public.network_tags VALUES ('3474a3a3-f6e9-4c6b-b4fd-733708927a5c', 'one');
INSERT INTO public.network_tags VALUES ('18f9224f-aea4-4dfa-ab44-f2bf391707f0', 'one');
INSERT INTO public.network_tags VALUES ('1398b9ac-57a5-45e0-a31f-498bbf1dc21f', 'one');
INSERT INTO public.network_tags VALUES ('fb2179bd-72e2-415a-a719-fc226179532c', 'one');
INSERT INTO public.placement_allocations VALUES ('4a363bdf-da48-45e3-86a1-8aad2d15086f', 'b81dad05-0af0-567e-8706-ba6a93e6ef71', 'VCPU', 1, '2026-11-30 07:34:27.259041', NULL);
INSERT INTO public.placement_allocations VALUES ('4a363bdf-da48-45e3-86a1-8aad2d15086f', 'b81dad05-0af0-567e-8706-ba6a93e6ef71', 'MEMORY_MB', 192, '2026-11-30 07:34:27.259041', NULL);
INSERT INTO public.placement_allocations VALUES ('4a363bdf-da48-45e3-86a1-8aad2d15086f', 'b81dad05-0af0-567e-8706-ba6a93e6ef71', 'DISK_GB', 1, '2026-11-30 07:34:27.259041', NULL);
INSERT INTO public.placement_consumers VALUES ('4a363bdf-da48-45e3-86a1-8aad2d15086f', 'd064a32917fd4b97be1365308c96bc00', '99876a69edee46c89218a2d4a186af2d', 'INSTANCE', 1, '2026-11-30 07:34:27.253186', '2026-11-30 07:34:27.260864');
INSERT INTO public.placement_inventories VALUES ('68837cd5-02c3-4d41-96b5-de02f622e7d7', 'VCPU', 4, 0, 1, 2147483647, 1, 1, '2026-11-30 07:34:27.052349', NULL);
INSERT INTO public.placement_inventories VALUES ('b81dad05-0af0-567e-8706-ba6a93e6ef71', 'VCPU', 1000, 0, 1, 1000, 1, 4, '2026-11-30 07:34:27.131907', NULL);
INSERT INTO public.placement_inventories VALUES ('b81dad05-0af0-567e-8706-ba6a93e6ef71', 'MEMORY_MB', 800000, 512, 1, 800000, 1, 1, '2026-11-30 07:34:27.13191', NULL);
INSERT INTO public.placement_inventories VALUES ('b81dad05-0af0-567e-8706-ba6a93e6ef71', 'DISK_GB', 600000, 0, 1, 600000, 1, 1, '2026-11-30 07:34:27.13191', NULL);
INSERT INTO public.placement_provider_traits VALUES ('b81dad05-0af0-567e-8706-ba6a93e6ef71', 'COMPUTE_ARCH_AARCH64', '2026-11-30 07:34:27.136812', NULL);
INSERT INTO public.placement_provider_traits VALUES ('b81dad05-0af0-567e-8706-ba6a93e6ef71', 'COMPUTE_ARCH_X86_64', '2026-11-30 07:34:27.136812', NULL);
INSERT INTO public.placement_provider_traits VALUES ('b81dad05-0af0-567e-8706-ba6a93e6ef71', 'HW_ARCH_X86_64', '2026-11-30 07:34:27.136812', NULL);
INSERT INTO public.placement_resource_classes VALUES ('CUSTOM_ESTATE', '2026-11-30 07:34:27.062335', NULL);
INSERT INTO public.placement_resource_providers VALUES ('68837cd5-02c3-4d41-96b5-de02f622e7d7', 'estate', 1, NULL, '68837cd5-02c3-4d41-96b5-de02f622e7d7', '2026-11-30 07:34:27.046448', '2026-11-30 07:34:27.053572');
INSERT INTO public.placement_resource_providers VALUES ('b81dad05-0af0-567e-8706-ba6a93e6ef71', 'vm', 3, NULL, 'b81dad05-0af0-567e-8706-ba6a93e6ef71', '2026-11-30 07:34:27.12592', '2026-11-30 07:34:27.255529');
INSERT INTO public.placement_traits VALUES ('CUSTOM_ESTATE', '2026-11-30 07:34:27.058607', NULL);
SELECT pg_catalog.setval('public.compute_aggregates_id_seq', 1, true);
SELECT pg_catalog.setval('public.compute_flavors_id_seq', 8, true);
SELECT pg_catalog.setval('public.compute_hosts_id_seq', 1, true);
SELECT pg_catalog.setval('public.compute_keypairs_id_seq', 1, true);
SELECT pg_catalog.setval('public.compute_server_groups_number_seq', 1, true);
SELECT pg_catalog.setval('public.compute_servers_number_seq', 1, true);
SELECT pg_catalog.setval('public.identity_passwords_id_seq', 6, true);
SELECT pg_catalog.setval('public.identity_revocations_id_seq', 1, false);
SELECT pg_catalog.setval('public.image_metadef_namespaces_id_seq', 12, true);
SELECT pg_catalog.setval('public.image_metadef_objects_id_seq', 16, true);
SELECT pg_catalog.setval('public.image_metadef_properties_id_seq', 44, true);
SELECT pg_catalog.setval('public.image_metadef_resource_type_associations_id_seq', 29, true);
SELECT pg_catalog.setval('public.image_metadef_tags_id_seq', 1, false);
SELECT pg_catalog.setval('public.kernel_operations_seq_seq', 1, true);
SELECT pg_catalog.setval('public.kernel_outbox_id_seq', 1, false);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.compute_aggregates
    ADD CONSTRAINT pk_compute_aggregates PRIMARY KEY (id);
ALTER TABLE ONLY public.compute_flavor_access
    ADD CONSTRAINT pk_compute_flavor_access PRIMARY KEY (flavor_pk, project_id);
ALTER TABLE ONLY public.compute_flavors
    ADD CONSTRAINT pk_compute_flavors PRIMARY KEY (id);
ALTER TABLE ONLY public.compute_host_requests
    ADD CONSTRAINT pk_compute_host_requests PRIMARY KEY (id);
ALTER TABLE ONLY public.compute_hosts
    ADD CONSTRAINT pk_compute_hosts PRIMARY KEY (id);
ALTER TABLE ONLY public.compute_keypairs
    ADD CONSTRAINT pk_compute_keypairs PRIMARY KEY (id);
ALTER TABLE ONLY public.compute_server_group_members
    ADD CONSTRAINT pk_compute_server_group_members PRIMARY KEY (server_id);
ALTER TABLE ONLY public.compute_server_groups
    ADD CONSTRAINT pk_compute_server_groups PRIMARY KEY (number);
ALTER TABLE ONLY public.compute_server_tags
    ADD CONSTRAINT pk_compute_server_tags PRIMARY KEY (server_id, tag);
ALTER TABLE ONLY public.compute_servers
    ADD CONSTRAINT pk_compute_servers PRIMARY KEY (number);
ALTER TABLE ONLY public.identity_access_rules
    ADD CONSTRAINT pk_identity_access_rules PRIMARY KEY (id);
ALTER TABLE ONLY public.identity_access_tokens
    ADD CONSTRAINT pk_identity_access_tokens PRIMARY KEY (id);
ALTER TABLE ONLY public.identity_application_credentials
    ADD CONSTRAINT pk_identity_application_credentials PRIMARY KEY (id);
ALTER TABLE ONLY public.identity_assignments
    ADD CONSTRAINT pk_identity_assignments PRIMARY KEY (actor, actor_id, target, target_id, role_id, inherited);
ALTER TABLE ONLY public.identity_consumers
    ADD CONSTRAINT pk_identity_consumers PRIMARY KEY (id);
ALTER TABLE ONLY public.identity_credentials
    ADD CONSTRAINT pk_identity_credentials PRIMARY KEY (id);
ALTER TABLE ONLY public.identity_domain_options
    ADD CONSTRAINT pk_identity_domain_options PRIMARY KEY (domain_id, option_group, option);
ALTER TABLE ONLY public.identity_endpoint_groups
    ADD CONSTRAINT pk_identity_endpoint_groups PRIMARY KEY (id);
ALTER TABLE ONLY public.identity_endpoints
    ADD CONSTRAINT pk_identity_endpoints PRIMARY KEY (id);
ALTER TABLE ONLY public.identity_groups
    ADD CONSTRAINT pk_identity_groups PRIMARY KEY (id);
ALTER TABLE ONLY public.identity_implied_roles
    ADD CONSTRAINT pk_identity_implied_roles PRIMARY KEY (prior_id, implied_id);
ALTER TABLE ONLY public.identity_key_rings
    ADD CONSTRAINT pk_identity_key_rings PRIMARY KEY (name);
ALTER TABLE ONLY public.identity_limits
    ADD CONSTRAINT pk_identity_limits PRIMARY KEY (id);
ALTER TABLE ONLY public.identity_memberships
    ADD CONSTRAINT pk_identity_memberships PRIMARY KEY (user_id, group_id);
ALTER TABLE ONLY public.identity_passwords
    ADD CONSTRAINT pk_identity_passwords PRIMARY KEY (id);
ALTER TABLE ONLY public.identity_policies
    ADD CONSTRAINT pk_identity_policies PRIMARY KEY (id);
ALTER TABLE ONLY public.identity_policy_associations
    ADD CONSTRAINT pk_identity_policy_associations PRIMARY KEY (id);
ALTER TABLE ONLY public.identity_premade
    ADD CONSTRAINT pk_identity_premade PRIMARY KEY (name);
ALTER TABLE ONLY public.identity_project_endpoint_groups
    ADD CONSTRAINT pk_identity_project_endpoint_groups PRIMARY KEY (project_id, endpoint_group_id);
ALTER TABLE ONLY public.identity_project_endpoints
    ADD CONSTRAINT pk_identity_project_endpoints PRIMARY KEY (project_id, endpoint_id);
ALTER TABLE ONLY public.identity_project_tags
    ADD CONSTRAINT pk_identity_project_tags PRIMARY KEY (project_id, name);
ALTER TABLE ONLY public.identity_projects
    ADD CONSTRAINT pk_identity_projects PRIMARY KEY (id);
ALTER TABLE ONLY public.identity_regions
    ADD CONSTRAINT pk_identity_regions PRIMARY KEY (id);
ALTER TABLE ONLY public.identity_registered_limits
    ADD CONSTRAINT pk_identity_registered_limits PRIMARY KEY (id);
ALTER TABLE ONLY public.identity_request_tokens
    ADD CONSTRAINT pk_identity_request_tokens PRIMARY KEY (id);
ALTER TABLE ONLY public.identity_revocations
    ADD CONSTRAINT pk_identity_revocations PRIMARY KEY (id);
ALTER TABLE ONLY public.identity_roles
    ADD CONSTRAINT pk_identity_roles PRIMARY KEY (id);
ALTER TABLE ONLY public.identity_services
    ADD CONSTRAINT pk_identity_services PRIMARY KEY (id);
ALTER TABLE ONLY public.identity_spent_passcodes
    ADD CONSTRAINT pk_identity_spent_passcodes PRIMARY KEY (user_id, passcode, totp_window);
ALTER TABLE ONLY public.identity_trusts
    ADD CONSTRAINT pk_identity_trusts PRIMARY KEY (id);
ALTER TABLE ONLY public.identity_used_nonces
    ADD CONSTRAINT pk_identity_used_nonces PRIMARY KEY (consumer_id, nonce, signed_at);
ALTER TABLE ONLY public.identity_used_passcodes
    ADD CONSTRAINT pk_identity_used_passcodes PRIMARY KEY (credential_id);
ALTER TABLE ONLY public.identity_users
    ADD CONSTRAINT pk_identity_users PRIMARY KEY (id);
ALTER TABLE ONLY public.image_former_images
    ADD CONSTRAINT pk_image_former_images PRIMARY KEY (id);
ALTER TABLE ONLY public.image_images
    ADD CONSTRAINT pk_image_images PRIMARY KEY (id);
ALTER TABLE ONLY public.image_members
    ADD CONSTRAINT pk_image_members PRIMARY KEY (image_id, member_id);
ALTER TABLE ONLY public.image_metadef_namespaces
    ADD CONSTRAINT pk_image_metadef_namespaces PRIMARY KEY (id);
ALTER TABLE ONLY public.image_metadef_objects
    ADD CONSTRAINT pk_image_metadef_objects PRIMARY KEY (id);
ALTER TABLE ONLY public.image_metadef_properties
    ADD CONSTRAINT pk_image_metadef_properties PRIMARY KEY (id);
ALTER TABLE ONLY public.image_metadef_resource_type_associations
    ADD CONSTRAINT pk_image_metadef_resource_type_associations PRIMARY KEY (id);
ALTER TABLE ONLY public.image_metadef_resource_types
    ADD CONSTRAINT pk_image_metadef_resource_types PRIMARY KEY (name);
ALTER TABLE ONLY public.image_metadef_tags
    ADD CONSTRAINT pk_image_metadef_tags PRIMARY KEY (id);
ALTER TABLE ONLY public.image_tasks
    ADD CONSTRAINT pk_image_tasks PRIMARY KEY (id);
ALTER TABLE ONLY public.kernel_agents
    ADD CONSTRAINT pk_kernel_agents PRIMARY KEY (host);
ALTER TABLE ONLY public.kernel_cloud
    ADD CONSTRAINT pk_kernel_cloud PRIMARY KEY (id);
ALTER TABLE ONLY public.kernel_leases
    ADD CONSTRAINT pk_kernel_leases PRIMARY KEY (name);
ALTER TABLE ONLY public.kernel_operations
    ADD CONSTRAINT pk_kernel_operations PRIMARY KEY (seq);
ALTER TABLE ONLY public.kernel_outbox
    ADD CONSTRAINT pk_kernel_outbox PRIMARY KEY (id);
ALTER TABLE ONLY public.kernel_quota_limits
    ADD CONSTRAINT pk_kernel_quota_limits PRIMARY KEY (service, project_id, resource);
ALTER TABLE ONLY public.kernel_servers
    ADD CONSTRAINT pk_kernel_servers PRIMARY KEY (id);
ALTER TABLE ONLY public.network_address_scopes
    ADD CONSTRAINT pk_network_address_scopes PRIMARY KEY (id);
ALTER TABLE ONLY public.network_agent_notes
    ADD CONSTRAINT pk_network_agent_notes PRIMARY KEY (id);
ALTER TABLE ONLY public.network_default_security_groups
    ADD CONSTRAINT pk_network_default_security_groups PRIMARY KEY (project_id);
ALTER TABLE ONLY public.network_fixed_ips
    ADD CONSTRAINT pk_network_fixed_ips PRIMARY KEY (subnet_id, ip_address);
ALTER TABLE ONLY public.network_floatingips
    ADD CONSTRAINT pk_network_floatingips PRIMARY KEY (id);
ALTER TABLE ONLY public.network_networks
    ADD CONSTRAINT pk_network_networks PRIMARY KEY (id);
ALTER TABLE ONLY public.network_port_security_groups
    ADD CONSTRAINT pk_network_port_security_groups PRIMARY KEY (port_id, security_group_id);
ALTER TABLE ONLY public.network_ports
    ADD CONSTRAINT pk_network_ports PRIMARY KEY (id);
ALTER TABLE ONLY public.network_rbac_policies
    ADD CONSTRAINT pk_network_rbac_policies PRIMARY KEY (id);
ALTER TABLE ONLY public.network_routers
    ADD CONSTRAINT pk_network_routers PRIMARY KEY (id);
ALTER TABLE ONLY public.network_security_group_rules
    ADD CONSTRAINT pk_network_security_group_rules PRIMARY KEY (id);
ALTER TABLE ONLY public.network_security_groups
    ADD CONSTRAINT pk_network_security_groups PRIMARY KEY (id);
ALTER TABLE ONLY public.network_subnetpools
    ADD CONSTRAINT pk_network_subnetpools PRIMARY KEY (id);
ALTER TABLE ONLY public.network_subnets
    ADD CONSTRAINT pk_network_subnets PRIMARY KEY (id);
ALTER TABLE ONLY public.network_tags
    ADD CONSTRAINT pk_network_tags PRIMARY KEY (resource_id, tag);
ALTER TABLE ONLY public.placement_allocations
    ADD CONSTRAINT pk_placement_allocations PRIMARY KEY (consumer_uuid, provider_uuid, resource_class);
ALTER TABLE ONLY public.placement_consumers
    ADD CONSTRAINT pk_placement_consumers PRIMARY KEY (uuid);
ALTER TABLE ONLY public.placement_inventories
    ADD CONSTRAINT pk_placement_inventories PRIMARY KEY (provider_uuid, resource_class);
ALTER TABLE ONLY public.placement_provider_aggregates
    ADD CONSTRAINT pk_placement_provider_aggregates PRIMARY KEY (provider_uuid, aggregate_uuid);
ALTER TABLE ONLY public.placement_provider_traits
    ADD CONSTRAINT pk_placement_provider_traits PRIMARY KEY (provider_uuid, trait);
ALTER TABLE ONLY public.placement_resource_classes
    ADD CONSTRAINT pk_placement_resource_classes PRIMARY KEY (name);
ALTER TABLE ONLY public.placement_resource_providers
    ADD CONSTRAINT pk_placement_resource_providers PRIMARY KEY (uuid);
ALTER TABLE ONLY public.placement_traits
    ADD CONSTRAINT pk_placement_traits PRIMARY KEY (name);
ALTER TABLE ONLY public.compute_aggregates
    ADD CONSTRAINT uq_compute_aggregates_name UNIQUE (name);
ALTER TABLE ONLY public.compute_aggregates
    ADD CONSTRAINT uq_compute_aggregates_uuid UNIQUE (uuid);
ALTER TABLE ONLY public.compute_flavors
    ADD CONSTRAINT uq_compute_flavors_flavor_id UNIQUE (flavor_id);
ALTER TABLE ONLY public.compute_flavors
    ADD CONSTRAINT uq_compute_flavors_name UNIQUE (name);
ALTER TABLE ONLY public.compute_hosts
    ADD CONSTRAINT uq_compute_hosts_host UNIQUE (host);
ALTER TABLE ONLY public.compute_hosts
    ADD CONSTRAINT uq_compute_hosts_service_uuid UNIQUE (service_uuid);
ALTER TABLE ONLY public.compute_hosts
    ADD CONSTRAINT uq_compute_hosts_uuid UNIQUE (uuid);
ALTER TABLE ONLY public.compute_keypairs
    ADD CONSTRAINT uq_compute_keypairs_user_id_name UNIQUE (user_id, name);
ALTER TABLE ONLY public.compute_server_groups
    ADD CONSTRAINT uq_compute_server_groups_id UNIQUE (id);
ALTER TABLE ONLY public.compute_servers
    ADD CONSTRAINT uq_compute_servers_id UNIQUE (id);
ALTER TABLE ONLY public.identity_access_rules
    ADD CONSTRAINT uq_identity_access_rules_user_id_service_path_method UNIQUE (user_id, service, path, method);
ALTER TABLE ONLY public.identity_application_credentials
    ADD CONSTRAINT uq_identity_application_credentials_user_id_name UNIQUE (user_id, name);
ALTER TABLE ONLY public.identity_groups
    ADD CONSTRAINT uq_identity_groups_domain_id_name UNIQUE (domain_id, name);
ALTER TABLE ONLY public.identity_projects
    ADD CONSTRAINT uq_identity_projects_domain_id_name UNIQUE (domain_id, name);
ALTER TABLE ONLY public.identity_roles
    ADD CONSTRAINT uq_identity_roles_domain_id_name UNIQUE (domain_id, name);
ALTER TABLE ONLY public.identity_users
    ADD CONSTRAINT uq_identity_users_domain_id_name UNIQUE (domain_id, name);
ALTER TABLE ONLY public.image_metadef_namespaces
    ADD CONSTRAINT uq_image_metadef_namespaces_name UNIQUE (name);
ALTER TABLE ONLY public.image_metadef_objects
    ADD CONSTRAINT uq_image_metadef_objects_namespace_id_name UNIQUE (namespace_id, name);
ALTER TABLE ONLY public.image_metadef_properties
    ADD CONSTRAINT uq_image_metadef_properties_namespace_id_name UNIQUE (namespace_id, name);
ALTER TABLE ONLY public.image_metadef_resource_type_associations
    ADD CONSTRAINT uq_image_metadef_resource_type_associations_namespace_id_name UNIQUE (namespace_id, name);
ALTER TABLE ONLY public.image_metadef_tags
    ADD CONSTRAINT uq_image_metadef_tags_namespace_id_name UNIQUE (namespace_id, name);
ALTER TABLE ONLY public.kernel_operations
    ADD CONSTRAINT uq_kernel_operations_id UNIQUE (id);
ALTER TABLE ONLY public.network_floatingips
    ADD CONSTRAINT uq_network_floatingips_floating_network_id_floating_ip_address UNIQUE (floating_network_id, floating_ip_address);
ALTER TABLE ONLY public.network_floatingips
    ADD CONSTRAINT uq_network_floatingips_port_id_fixed_ip_address_floatin_ce23 UNIQUE (port_id, fixed_ip_address, floating_network_id);
ALTER TABLE ONLY public.network_networks
    ADD CONSTRAINT uq_network_networks_network_type_physical_network_segme_c6eb UNIQUE (network_type, physical_network, segmentation_id);
ALTER TABLE ONLY public.network_ports
    ADD CONSTRAINT uq_network_ports_network_id_mac_address UNIQUE (network_id, mac_address);
ALTER TABLE ONLY public.network_rbac_policies
    ADD CONSTRAINT uq_network_rbac_policies_object_id_action_target_project UNIQUE (object_id, action, target_project);
ALTER TABLE ONLY public.placement_resource_providers
    ADD CONSTRAINT uq_placement_resource_providers_name UNIQUE (name);
CREATE INDEX ix_compute_host_requests_host ON public.compute_host_requests USING btree (host);
CREATE INDEX ix_compute_server_group_members_group_id ON public.compute_server_group_members USING btree (group_id);
CREATE INDEX ix_compute_server_groups_project_id ON public.compute_server_groups USING btree (project_id);
CREATE INDEX ix_compute_server_tags_tag ON public.compute_server_tags USING btree (tag);
CREATE INDEX ix_compute_servers_host ON public.compute_servers USING btree (host, deleted_at);
CREATE INDEX ix_compute_servers_project ON public.compute_servers USING btree (project_id, deleted_at, created_at);
CREATE INDEX ix_compute_servers_reservation_id ON public.compute_servers USING btree (reservation_id);
CREATE INDEX ix_compute_servers_state ON public.compute_servers USING btree (deleted_at, vm_state);
CREATE INDEX ix_identity_access_rules_user_id ON public.identity_access_rules USING btree (user_id);
CREATE INDEX ix_identity_access_tokens_authorizing_user_id ON public.identity_access_tokens USING btree (authorizing_user_id);
CREATE INDEX ix_identity_access_tokens_consumer_id ON public.identity_access_tokens USING btree (consumer_id);
CREATE INDEX ix_identity_access_tokens_project_id ON public.identity_access_tokens USING btree (project_id);
CREATE INDEX ix_identity_application_credentials_project_id ON public.identity_application_credentials USING btree (project_id);
CREATE INDEX ix_identity_application_credentials_user_id ON public.identity_application_credentials USING btree (user_id);
CREATE INDEX ix_identity_assignments_role_id ON public.identity_assignments USING btree (role_id);
CREATE INDEX ix_identity_assignments_target ON public.identity_assignments USING btree (target, target_id);
CREATE INDEX ix_identity_credentials_project_id ON public.identity_credentials USING btree (project_id);
CREATE INDEX ix_identity_credentials_type ON public.identity_credentials USING btree (type);
CREATE INDEX ix_identity_credentials_user_id ON public.identity_credentials USING btree (user_id);
CREATE INDEX ix_identity_endpoint_groups_name ON public.identity_endpoint_groups USING btree (name);
CREATE INDEX ix_identity_endpoints_region_id ON public.identity_endpoints USING btree (region_id);
CREATE INDEX ix_identity_endpoints_service_id ON public.identity_endpoints USING btree (service_id);
CREATE INDEX ix_identity_groups_domain_id ON public.identity_groups USING btree (domain_id);
CREATE INDEX ix_identity_groups_name ON public.identity_groups USING btree (name, id);
CREATE INDEX ix_identity_implied_roles_implied_id ON public.identity_implied_roles USING btree (implied_id);
CREATE INDEX ix_identity_limits_domain_id ON public.identity_limits USING btree (domain_id);
CREATE INDEX ix_identity_limits_project_id ON public.identity_limits USING btree (project_id);
CREATE INDEX ix_identity_limits_registered_limit_id ON public.identity_limits USING btree (registered_limit_id);
CREATE INDEX ix_identity_memberships_group_id ON public.identity_memberships USING btree (group_id);
CREATE INDEX ix_identity_passwords_user_id ON public.identity_passwords USING btree (user_id);
CREATE INDEX ix_identity_policies_type ON public.identity_policies USING btree (type);
CREATE INDEX ix_identity_policy_associations_endpoint_id ON public.identity_policy_associations USING btree (endpoint_id);
CREATE INDEX ix_identity_policy_associations_policy_id ON public.identity_policy_associations USING btree (policy_id);
CREATE INDEX ix_identity_policy_associations_region_id ON public.identity_policy_associations USING btree (region_id);
CREATE INDEX ix_identity_policy_associations_service_id ON public.identity_policy_associations USING btree (service_id);
CREATE INDEX ix_identity_project_endpoint_groups_endpoint_group_id ON public.identity_project_endpoint_groups USING btree (endpoint_group_id);
CREATE INDEX ix_identity_project_endpoints_endpoint_id ON public.identity_project_endpoints USING btree (endpoint_id);
CREATE INDEX ix_identity_project_tags_name ON public.identity_project_tags USING btree (name);
CREATE INDEX ix_identity_projects_is_domain ON public.identity_projects USING btree (is_domain);
CREATE INDEX ix_identity_projects_name ON public.identity_projects USING btree (name, id);
CREATE INDEX ix_identity_projects_parent_id ON public.identity_projects USING btree (parent_id);
CREATE INDEX ix_identity_regions_parent_id ON public.identity_regions USING btree (parent_id);
CREATE INDEX ix_identity_registered_limits_region_id ON public.identity_registered_limits USING btree (region_id);
CREATE INDEX ix_identity_registered_limits_resource_name ON public.identity_registered_limits USING btree (resource_name);
CREATE INDEX ix_identity_registered_limits_service_id ON public.identity_registered_limits USING btree (service_id);
CREATE INDEX ix_identity_request_tokens_authorizing_user_id ON public.identity_request_tokens USING btree (authorizing_user_id);
CREATE INDEX ix_identity_request_tokens_consumer_id ON public.identity_request_tokens USING btree (consumer_id);
CREATE INDEX ix_identity_request_tokens_project_id ON public.identity_request_tokens USING btree (project_id);
CREATE INDEX ix_identity_revocations_revoked_at ON public.identity_revocations USING btree (revoked_at);
CREATE INDEX ix_identity_services_type ON public.identity_services USING btree (type);
CREATE INDEX ix_identity_trusts_project_id ON public.identity_trusts USING btree (project_id);
CREATE INDEX ix_identity_trusts_redelegated_trust_id ON public.identity_trusts USING btree (redelegated_trust_id);
CREATE INDEX ix_identity_trusts_trustee_user_id ON public.identity_trusts USING btree (trustee_user_id);
CREATE INDEX ix_identity_trusts_trustor_user_id ON public.identity_trusts USING btree (trustor_user_id);
CREATE INDEX ix_identity_used_nonces_signed_at ON public.identity_used_nonces USING btree (signed_at);
CREATE INDEX ix_identity_users_default_project_id ON public.identity_users USING btree (default_project_id);
CREATE INDEX ix_identity_users_domain ON public.identity_users USING btree (domain_id, id);
CREATE INDEX ix_identity_users_name ON public.identity_users USING btree (name, id);
CREATE INDEX ix_image_images_created_id ON public.image_images USING btree (created_at, id);
CREATE INDEX ix_image_images_name ON public.image_images USING btree (name);
CREATE INDEX ix_image_images_owner ON public.image_images USING btree (owner);
CREATE INDEX ix_image_images_status ON public.image_images USING btree (status);
CREATE INDEX ix_image_images_visibility ON public.image_images USING btree (visibility);
CREATE INDEX ix_image_members_member_id ON public.image_members USING btree (member_id);
CREATE INDEX ix_image_metadef_namespaces_owner ON public.image_metadef_namespaces USING btree (owner);
CREATE INDEX ix_image_metadef_namespaces_visibility ON public.image_metadef_namespaces USING btree (visibility);
CREATE INDEX ix_image_tasks_image_id ON public.image_tasks USING btree (image_id);
CREATE INDEX ix_image_tasks_owner ON public.image_tasks USING btree (owner);
CREATE INDEX ix_image_tasks_status ON public.image_tasks USING btree (status);
CREATE INDEX ix_kernel_operations_open ON public.kernel_operations USING btree (state, deadline_at);
CREATE INDEX ix_kernel_operations_resource ON public.kernel_operations USING btree (service, resource_id, seq);
CREATE INDEX ix_kernel_outbox_published_at ON public.kernel_outbox USING btree (published_at);
CREATE INDEX ix_network_address_scopes_name ON public.network_address_scopes USING btree (name);
CREATE INDEX ix_network_address_scopes_project_id ON public.network_address_scopes USING btree (project_id);
CREATE INDEX ix_network_fixed_ips_ip_address ON public.network_fixed_ips USING btree (ip_address);
CREATE INDEX ix_network_fixed_ips_network_id ON public.network_fixed_ips USING btree (network_id);
CREATE INDEX ix_network_fixed_ips_offset ON public.network_fixed_ips USING btree (subnet_id, "offset");
CREATE INDEX ix_network_fixed_ips_port_id ON public.network_fixed_ips USING btree (port_id);
CREATE INDEX ix_network_floatingips_floating_ip_address ON public.network_floatingips USING btree (floating_ip_address);
CREATE INDEX ix_network_floatingips_floating_network_id ON public.network_floatingips USING btree (floating_network_id);
CREATE INDEX ix_network_floatingips_port_id ON public.network_floatingips USING btree (port_id);
CREATE INDEX ix_network_floatingips_project_id ON public.network_floatingips USING btree (project_id);
CREATE INDEX ix_network_floatingips_router_id ON public.network_floatingips USING btree (router_id);
CREATE INDEX ix_network_networks_name ON public.network_networks USING btree (name);
CREATE INDEX ix_network_networks_project_id ON public.network_networks USING btree (project_id);
CREATE INDEX ix_network_port_security_groups_security_group_id ON public.network_port_security_groups USING btree (security_group_id);
CREATE INDEX ix_network_ports_device ON public.network_ports USING btree (device_id, device_owner);
CREATE INDEX ix_network_ports_device_owner ON public.network_ports USING btree (device_owner);
CREATE INDEX ix_network_ports_holder ON public.network_ports USING btree (holder_id, holder);
CREATE INDEX ix_network_ports_host ON public.network_ports USING btree (binding_host, network_id);
CREATE INDEX ix_network_ports_mac_address ON public.network_ports USING btree (mac_address);
CREATE INDEX ix_network_ports_name ON public.network_ports USING btree (name);
CREATE INDEX ix_network_ports_network_id ON public.network_ports USING btree (network_id);
CREATE INDEX ix_network_ports_project_id ON public.network_ports USING btree (project_id);
CREATE INDEX ix_network_rbac_policies_object_id ON public.network_rbac_policies USING btree (object_id);
CREATE INDEX ix_network_rbac_policies_project_id ON public.network_rbac_policies USING btree (project_id);
CREATE INDEX ix_network_rbac_policies_target_project ON public.network_rbac_policies USING btree (target_project);
CREATE INDEX ix_network_routers_gateway_network_id ON public.network_routers USING btree (gateway_network_id);
CREATE INDEX ix_network_routers_name ON public.network_routers USING btree (name);
CREATE INDEX ix_network_routers_project_id ON public.network_routers USING btree (project_id);
CREATE INDEX ix_network_security_group_rules_project_id ON public.network_security_group_rules USING btree (project_id);
CREATE INDEX ix_network_security_group_rules_remote_group_id ON public.network_security_group_rules USING btree (remote_group_id);
CREATE INDEX ix_network_security_group_rules_security_group_id ON public.network_security_group_rules USING btree (security_group_id);
CREATE INDEX ix_network_security_groups_name ON public.network_security_groups USING btree (name);
CREATE INDEX ix_network_security_groups_project_id ON public.network_security_groups USING btree (project_id);
CREATE INDEX ix_network_subnetpools_address_scope_id ON public.network_subnetpools USING btree (address_scope_id);
CREATE INDEX ix_network_subnetpools_name ON public.network_subnetpools USING btree (name);
CREATE INDEX ix_network_subnetpools_project_id ON public.network_subnetpools USING btree (project_id);
CREATE INDEX ix_network_subnets_cidr ON public.network_subnets USING btree (cidr);
CREATE INDEX ix_network_subnets_name ON public.network_subnets USING btree (name);
CREATE INDEX ix_network_subnets_network_id ON public.network_subnets USING btree (network_id);
CREATE INDEX ix_network_subnets_project_id ON public.network_subnets USING btree (project_id);
CREATE INDEX ix_network_subnets_subnetpool_id ON public.network_subnets USING btree (subnetpool_id);
CREATE INDEX ix_network_tags_tag ON public.network_tags USING btree (tag);
CREATE INDEX ix_placement_allocations_use ON public.placement_allocations USING btree (provider_uuid, resource_class, used);
CREATE INDEX ix_placement_consumers_project_user ON public.placement_consumers USING btree (project_id, user_id);
CREATE INDEX ix_placement_inventories_resource_class ON public.placement_inventories USING btree (resource_class);
CREATE INDEX ix_placement_provider_aggregates_aggregate_uuid ON public.placement_provider_aggregates USING btree (aggregate_uuid);
CREATE INDEX ix_placement_provider_traits_trait ON public.placement_provider_traits USING btree (trait);
CREATE INDEX ix_placement_resource_providers_parent_uuid ON public.placement_resource_providers USING btree (parent_uuid);
CREATE INDEX ix_placement_resource_providers_root_uuid ON public.placement_resource_providers USING btree (root_uuid);
ALTER TABLE ONLY public.compute_flavor_access
    ADD CONSTRAINT fk_compute_flavor_access_flavor_pk_compute_flavors FOREIGN KEY (flavor_pk) REFERENCES public.compute_flavors(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_access_rules
    ADD CONSTRAINT fk_identity_access_rules_user_id_identity_users FOREIGN KEY (user_id) REFERENCES public.identity_users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_access_tokens
    ADD CONSTRAINT fk_identity_access_tokens_authorizing_user_id_identity_users FOREIGN KEY (authorizing_user_id) REFERENCES public.identity_users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_access_tokens
    ADD CONSTRAINT fk_identity_access_tokens_consumer_id_identity_consumers FOREIGN KEY (consumer_id) REFERENCES public.identity_consumers(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_access_tokens
    ADD CONSTRAINT fk_identity_access_tokens_project_id_identity_projects FOREIGN KEY (project_id) REFERENCES public.identity_projects(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_application_credentials
    ADD CONSTRAINT fk_identity_application_credentials_project_id_identity_4352 FOREIGN KEY (project_id) REFERENCES public.identity_projects(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_application_credentials
    ADD CONSTRAINT fk_identity_application_credentials_user_id_identity_users FOREIGN KEY (user_id) REFERENCES public.identity_users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_assignments
    ADD CONSTRAINT fk_identity_assignments_role_id_identity_roles FOREIGN KEY (role_id) REFERENCES public.identity_roles(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_domain_options
    ADD CONSTRAINT fk_identity_domain_options_domain_id_identity_projects FOREIGN KEY (domain_id) REFERENCES public.identity_projects(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_endpoints
    ADD CONSTRAINT fk_identity_endpoints_region_id_identity_regions FOREIGN KEY (region_id) REFERENCES public.identity_regions(id);
ALTER TABLE ONLY public.identity_endpoints
    ADD CONSTRAINT fk_identity_endpoints_service_id_identity_services FOREIGN KEY (service_id) REFERENCES public.identity_services(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_groups
    ADD CONSTRAINT fk_identity_groups_domain_id_identity_projects FOREIGN KEY (domain_id) REFERENCES public.identity_projects(id);
ALTER TABLE ONLY public.identity_implied_roles
    ADD CONSTRAINT fk_identity_implied_roles_implied_id_identity_roles FOREIGN KEY (implied_id) REFERENCES public.identity_roles(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_implied_roles
    ADD CONSTRAINT fk_identity_implied_roles_prior_id_identity_roles FOREIGN KEY (prior_id) REFERENCES public.identity_roles(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_limits
    ADD CONSTRAINT fk_identity_limits_domain_id_identity_projects FOREIGN KEY (domain_id) REFERENCES public.identity_projects(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_limits
    ADD CONSTRAINT fk_identity_limits_project_id_identity_projects FOREIGN KEY (project_id) REFERENCES public.identity_projects(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_limits
    ADD CONSTRAINT fk_identity_limits_registered_limit_id_identity_registe_c48a FOREIGN KEY (registered_limit_id) REFERENCES public.identity_registered_limits(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_memberships
    ADD CONSTRAINT fk_identity_memberships_group_id_identity_groups FOREIGN KEY (group_id) REFERENCES public.identity_groups(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_memberships
    ADD CONSTRAINT fk_identity_memberships_user_id_identity_users FOREIGN KEY (user_id) REFERENCES public.identity_users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_passwords
    ADD CONSTRAINT fk_identity_passwords_user_id_identity_users FOREIGN KEY (user_id) REFERENCES public.identity_users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_policy_associations
    ADD CONSTRAINT fk_identity_policy_associations_endpoint_id_identity_endpoints FOREIGN KEY (endpoint_id) REFERENCES public.identity_endpoints(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_policy_associations
    ADD CONSTRAINT fk_identity_policy_associations_policy_id_identity_policies FOREIGN KEY (policy_id) REFERENCES public.identity_policies(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_policy_associations
    ADD CONSTRAINT fk_identity_policy_associations_region_id_identity_regions FOREIGN KEY (region_id) REFERENCES public.identity_regions(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_policy_associations
    ADD CONSTRAINT fk_identity_policy_associations_service_id_identity_services FOREIGN KEY (service_id) REFERENCES public.identity_services(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_project_endpoint_groups
    ADD CONSTRAINT fk_identity_project_endpoint_groups_endpoint_group_id_i_2dc5 FOREIGN KEY (endpoint_group_id) REFERENCES public.identity_endpoint_groups(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_project_endpoint_groups
    ADD CONSTRAINT fk_identity_project_endpoint_groups_project_id_identity_5d90 FOREIGN KEY (project_id) REFERENCES public.identity_projects(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_project_endpoints
    ADD CONSTRAINT fk_identity_project_endpoints_endpoint_id_identity_endpoints FOREIGN KEY (endpoint_id) REFERENCES public.identity_endpoints(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_project_endpoints
    ADD CONSTRAINT fk_identity_project_endpoints_project_id_identity_projects FOREIGN KEY (project_id) REFERENCES public.identity_projects(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_project_tags
    ADD CONSTRAINT fk_identity_project_tags_project_id_identity_projects FOREIGN KEY (project_id) REFERENCES public.identity_projects(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_projects
    ADD CONSTRAINT fk_identity_projects_parent_id_identity_projects FOREIGN KEY (parent_id) REFERENCES public.identity_projects(id);
ALTER TABLE ONLY public.identity_regions
    ADD CONSTRAINT fk_identity_regions_parent_id_identity_regions FOREIGN KEY (parent_id) REFERENCES public.identity_regions(id);
ALTER TABLE ONLY public.identity_request_tokens
    ADD CONSTRAINT fk_identity_request_tokens_authorizing_user_id_identity_users FOREIGN KEY (authorizing_user_id) REFERENCES public.identity_users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_request_tokens
    ADD CONSTRAINT fk_identity_request_tokens_consumer_id_identity_consumers FOREIGN KEY (consumer_id) REFERENCES public.identity_consumers(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_request_tokens
    ADD CONSTRAINT fk_identity_request_tokens_project_id_identity_projects FOREIGN KEY (project_id) REFERENCES public.identity_projects(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_spent_passcodes
    ADD CONSTRAINT fk_identity_spent_passcodes_user_id_identity_users FOREIGN KEY (user_id) REFERENCES public.identity_users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_trusts
    ADD CONSTRAINT fk_identity_trusts_project_id_identity_projects FOREIGN KEY (project_id) REFERENCES public.identity_projects(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_trusts
    ADD CONSTRAINT fk_identity_trusts_trustee_user_id_identity_users FOREIGN KEY (trustee_user_id) REFERENCES public.identity_users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_trusts
    ADD CONSTRAINT fk_identity_trusts_trustor_user_id_identity_users FOREIGN KEY (trustor_user_id) REFERENCES public.identity_users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_used_nonces
    ADD CONSTRAINT fk_identity_used_nonces_consumer_id_identity_consumers FOREIGN KEY (consumer_id) REFERENCES public.identity_consumers(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_used_passcodes
    ADD CONSTRAINT fk_identity_used_passcodes_credential_id_identity_credentials FOREIGN KEY (credential_id) REFERENCES public.identity_credentials(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identity_users
    ADD CONSTRAINT fk_identity_users_domain_id_identity_projects FOREIGN KEY (domain_id) REFERENCES public.identity_projects(id);
ALTER TABLE ONLY public.image_members
    ADD CONSTRAINT fk_image_members_image_id_image_images FOREIGN KEY (image_id) REFERENCES public.image_images(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.image_metadef_objects
    ADD CONSTRAINT fk_image_metadef_objects_namespace_id_image_metadef_namespaces FOREIGN KEY (namespace_id) REFERENCES public.image_metadef_namespaces(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.image_metadef_properties
    ADD CONSTRAINT fk_image_metadef_properties_namespace_id_image_metadef__2afa FOREIGN KEY (namespace_id) REFERENCES public.image_metadef_namespaces(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.image_metadef_resource_type_associations
    ADD CONSTRAINT fk_image_metadef_resource_type_associations_namespace_i_b645 FOREIGN KEY (namespace_id) REFERENCES public.image_metadef_namespaces(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.image_metadef_tags
    ADD CONSTRAINT fk_image_metadef_tags_namespace_id_image_metadef_namespaces FOREIGN KEY (namespace_id) REFERENCES public.image_metadef_namespaces(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.network_default_security_groups
    ADD CONSTRAINT fk_network_default_security_groups_security_group_id_ne_e5fb FOREIGN KEY (security_group_id) REFERENCES public.network_security_groups(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.network_fixed_ips
    ADD CONSTRAINT fk_network_fixed_ips_port_id_network_ports FOREIGN KEY (port_id) REFERENCES public.network_ports(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.network_fixed_ips
    ADD CONSTRAINT fk_network_fixed_ips_subnet_id_network_subnets FOREIGN KEY (subnet_id) REFERENCES public.network_subnets(id);
ALTER TABLE ONLY public.network_floatingips
    ADD CONSTRAINT fk_network_floatingips_floating_network_id_network_networks FOREIGN KEY (floating_network_id) REFERENCES public.network_networks(id);
ALTER TABLE ONLY public.network_port_security_groups
    ADD CONSTRAINT fk_network_port_security_groups_port_id_network_ports FOREIGN KEY (port_id) REFERENCES public.network_ports(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.network_port_security_groups
    ADD CONSTRAINT fk_network_port_security_groups_security_group_id_netwo_6dfa FOREIGN KEY (security_group_id) REFERENCES public.network_security_groups(id);
ALTER TABLE ONLY public.network_ports
    ADD CONSTRAINT fk_network_ports_network_id_network_networks FOREIGN KEY (network_id) REFERENCES public.network_networks(id);
ALTER TABLE ONLY public.network_security_group_rules
    ADD CONSTRAINT fk_network_security_group_rules_remote_group_id_network_6e95 FOREIGN KEY (remote_group_id) REFERENCES public.network_security_groups(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.network_security_group_rules
    ADD CONSTRAINT fk_network_security_group_rules_security_group_id_netwo_a899 FOREIGN KEY (security_group_id) REFERENCES public.network_security_groups(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.network_subnets
    ADD CONSTRAINT fk_network_subnets_network_id_network_networks FOREIGN KEY (network_id) REFERENCES public.network_networks(id);
ALTER TABLE ONLY public.placement_allocations
    ADD CONSTRAINT fk_placement_allocations_consumer_uuid_placement_consumers FOREIGN KEY (consumer_uuid) REFERENCES public.placement_consumers(uuid) ON DELETE CASCADE;
ALTER TABLE ONLY public.placement_allocations
    ADD CONSTRAINT fk_placement_allocations_provider_uuid_placement_resour_9c41 FOREIGN KEY (provider_uuid) REFERENCES public.placement_resource_providers(uuid);
ALTER TABLE ONLY public.placement_inventories
    ADD CONSTRAINT fk_placement_inventories_provider_uuid_placement_resour_9b6a FOREIGN KEY (provider_uuid) REFERENCES public.placement_resource_providers(uuid) ON DELETE CASCADE;
ALTER TABLE ONLY public.placement_provider_aggregates
    ADD CONSTRAINT fk_placement_provider_aggregates_provider_uuid_placemen_1e14 FOREIGN KEY (provider_uuid) REFERENCES public.placement_resource_providers(uuid) ON DELETE CASCADE;
ALTER TABLE ONLY public.placement_provider_traits
    ADD CONSTRAINT fk_placement_provider_traits_provider_uuid_placement_re_5a0e FOREIGN KEY (provider_uuid) REFERENCES public.placement_resource_providers(uuid) ON DELETE CASCADE;
ALTER TABLE ONLY public.placement_resource_providers
    ADD CONSTRAINT fk_placement_resource_providers_parent_uuid_placement_r_6154 FOREIGN KEY (parent_uuid) REFERENCES public.placement_resource_providers(uuid);
