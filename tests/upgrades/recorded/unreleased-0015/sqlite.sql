BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0015');
CREATE TABLE compute_aggregates (
	id INTEGER NOT NULL, 
	uuid VARCHAR(36) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	metadata TEXT NOT NULL, 
	hosts TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_compute_aggregates PRIMARY KEY (id), 
	CONSTRAINT uq_compute_aggregates_name UNIQUE (name), 
	CONSTRAINT uq_compute_aggregates_uuid UNIQUE (uuid)
);
INSERT INTO "compute_aggregates" VALUES(1,'a30180b6-496a-4351-8469-1837760ec8c2','estate','{}','[]','2026-11-30 07:34:24.528582',NULL);
CREATE TABLE compute_flavor_access (
	flavor_pk INTEGER NOT NULL, 
	project_id VARCHAR(255) NOT NULL, 
	CONSTRAINT pk_compute_flavor_access PRIMARY KEY (flavor_pk, project_id), 
	CONSTRAINT fk_compute_flavor_access_flavor_pk_compute_flavors FOREIGN KEY(flavor_pk) REFERENCES compute_flavors (id) ON DELETE CASCADE
);
CREATE TABLE compute_flavors (
	id INTEGER NOT NULL, 
	flavor_id VARCHAR(255) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	description TEXT, 
	vcpus INTEGER NOT NULL, 
	ram INTEGER NOT NULL, 
	disk INTEGER NOT NULL, 
	ephemeral INTEGER NOT NULL, 
	swap INTEGER NOT NULL, 
	rxtx_factor FLOAT NOT NULL, 
	is_public BOOLEAN NOT NULL, 
	disabled BOOLEAN NOT NULL, 
	extra_specs TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_compute_flavors PRIMARY KEY (id), 
	CONSTRAINT uq_compute_flavors_flavor_id UNIQUE (flavor_id), 
	CONSTRAINT uq_compute_flavors_name UNIQUE (name)
);
INSERT INTO "compute_flavors" VALUES(1,'1','m1.tiny',NULL,1,512,1,0,0,1.0,1,0,'{}','2026-11-30 07:34:23.693161',NULL);
INSERT INTO "compute_flavors" VALUES(2,'2','m1.small',NULL,1,2048,20,0,0,1.0,1,0,'{}','2026-11-30 07:34:23.694045',NULL);
INSERT INTO "compute_flavors" VALUES(3,'3','m1.medium',NULL,2,4096,40,0,0,1.0,1,0,'{}','2026-11-30 07:34:23.695036',NULL);
INSERT INTO "compute_flavors" VALUES(4,'4','m1.large',NULL,4,8192,80,0,0,1.0,1,0,'{}','2026-11-30 07:34:23.695485',NULL);
INSERT INTO "compute_flavors" VALUES(5,'5','m1.xlarge',NULL,8,16384,160,0,0,1.0,1,0,'{}','2026-11-30 07:34:23.698491',NULL);
INSERT INTO "compute_flavors" VALUES(6,'42','m1.nano',NULL,1,192,1,0,0,1.0,1,0,'{}','2026-11-30 07:34:23.698988',NULL);
INSERT INTO "compute_flavors" VALUES(7,'84','m1.micro',NULL,1,256,1,0,0,1.0,1,0,'{}','2026-11-30 07:34:23.699418',NULL);
INSERT INTO "compute_flavors" VALUES(8,'c1','cirros256',NULL,1,256,1,0,0,1.0,1,0,'{}','2026-11-30 07:34:23.699825',NULL);
CREATE TABLE compute_host_requests (
	id VARCHAR(36) NOT NULL, 
	host VARCHAR(255) NOT NULL, 
	server_id VARCHAR(36) NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	params TEXT NOT NULL, 
	answer TEXT, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_compute_host_requests PRIMARY KEY (id)
);
CREATE TABLE compute_hosts (
	id INTEGER NOT NULL, 
	host VARCHAR(255) NOT NULL, 
	uuid VARCHAR(36) NOT NULL, 
	service_uuid VARCHAR(36) NOT NULL, 
	facts TEXT NOT NULL, 
	host_ip VARCHAR(64) NOT NULL, 
	disabled BOOLEAN NOT NULL, 
	disabled_reason VARCHAR(255), 
	forced_down BOOLEAN NOT NULL, 
	reported_at DATETIME, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_compute_hosts PRIMARY KEY (id), 
	CONSTRAINT uq_compute_hosts_host UNIQUE (host), 
	CONSTRAINT uq_compute_hosts_service_uuid UNIQUE (service_uuid), 
	CONSTRAINT uq_compute_hosts_uuid UNIQUE (uuid)
);
INSERT INTO "compute_hosts" VALUES(1,'vm','b81dad05-0af0-567e-8706-ba6a93e6ef71','d5b855ed-313f-44b9-8174-5f53ec07ef93','{"hypervisor_type":"fake","hypervisor_version":1000000,"acceleration":"none","acceleration_detail":"Simulated guests run no instructions.","architectures":["x86_64","i686","aarch64"],"vcpus":1000,"memory_mb":800000,"disk_gb":600000,"disk_free_gb":600000,"cpu_info":{"arch":"x86_64","vendor":"fake","model":"fake","features":[],"topology":{"cells":1,"sockets":1,"cores":1000,"threads":1}},"uefi":["x86_64","aarch64"],"capabilities":{"hotplug_nic":true,"console_output":true,"config_drive":true,"pause":true}}','127.0.0.1',0,NULL,0,'2026-11-30 07:34:24.323264','2026-11-30 07:34:24.319493','2026-11-30 07:34:24.323712');
CREATE TABLE compute_keypairs (
	id INTEGER NOT NULL, 
	user_id VARCHAR(255) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	type VARCHAR(16) NOT NULL, 
	fingerprint VARCHAR(255) NOT NULL, 
	public_key TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_compute_keypairs PRIMARY KEY (id), 
	CONSTRAINT uq_compute_keypairs_user_id_name UNIQUE (user_id, name)
);
INSERT INTO "compute_keypairs" VALUES(1,'aa57ee28f59b4e818694416fb0a057b4','estate','ssh','ac:0d:ca:68:a3:d1:a5:a4:95:dc:aa:dc:4c:de:a2:55','ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC8zWK+SkcoP8jxjY1F7oOU02xx2E3hVj6zLgZEqQLN5EzqFTLn2e8aqHkIqy4myH/e54ydciypM9tAaNbgcx0NNmOjyQhcJKo6UG5lEgVwvUJjWrKerBbzn4tGUKuKI/1or7lukpVytEjDZ5QTpxJQkpoEB1HSxq30ogMATcatLbkm7/ebAb8C20iiCDTau9t4QuM/03CDdAKwS8/DDrYcK984z+iI3Q8JlwiiFB0/O6T6/mjbpPdmudU6VeH9cBTrtR0J7J+QDFc7LSG2BPUCzeSZWvIEvZolUpFn+j9ChcnWBhMboBhchXvzs0jUAVhwTOl/9xtpYsL8jJab8R1H Generated-by-Stratolith','2026-11-30 07:34:24.514660',NULL);
CREATE TABLE compute_server_group_members (
	server_id VARCHAR(36) NOT NULL, 
	group_id VARCHAR(36) NOT NULL, 
	CONSTRAINT pk_compute_server_group_members PRIMARY KEY (server_id)
);
CREATE TABLE compute_server_groups (
	number INTEGER NOT NULL, 
	id VARCHAR(36) NOT NULL, 
	project_id VARCHAR(64) NOT NULL, 
	user_id VARCHAR(64) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	policy VARCHAR(64) NOT NULL, 
	rules TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_compute_server_groups PRIMARY KEY (number), 
	CONSTRAINT uq_compute_server_groups_id UNIQUE (id)
);
INSERT INTO "compute_server_groups" VALUES(1,'591ae1fe-6c14-493e-85cf-e24fb4370bf7','464225a637e9404dadd2e065a88dcf99','aa57ee28f59b4e818694416fb0a057b4','estate','affinity','{}','2026-11-30 07:34:24.522934',NULL);
CREATE TABLE compute_server_tags (
	server_id VARCHAR(36) NOT NULL, 
	tag VARCHAR(60) NOT NULL, 
	CONSTRAINT pk_compute_server_tags PRIMARY KEY (server_id, tag)
);
INSERT INTO "compute_server_tags" VALUES('a8f2c7e4-313c-471e-b2c0-3457f0ddaf3d','one');
CREATE TABLE compute_servers (
	number INTEGER NOT NULL, 
	id VARCHAR(36) NOT NULL, 
	project_id VARCHAR(64) NOT NULL, 
	user_id VARCHAR(64) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	description VARCHAR(255), 
	hostname VARCHAR(255) NOT NULL, 
	reservation_id VARCHAR(36) NOT NULL, 
	launch_index INTEGER NOT NULL, 
	flavor_id VARCHAR(255) NOT NULL, 
	flavor TEXT NOT NULL, 
	vcpus INTEGER NOT NULL, 
	memory_mb INTEGER NOT NULL, 
	disk_gb INTEGER NOT NULL, 
	image_id VARCHAR(36), 
	image TEXT NOT NULL, 
	key_name VARCHAR(255), 
	"key" TEXT, 
	user_data TEXT, 
	files TEXT NOT NULL, 
	config_drive BOOLEAN NOT NULL, 
	metadata TEXT NOT NULL, 
	security_groups TEXT NOT NULL, 
	access_ip_v4 VARCHAR(39), 
	access_ip_v6 VARCHAR(39), 
	disk_config VARCHAR(8) NOT NULL, 
	pinned_zone VARCHAR(255), 
	scheduler_hints TEXT NOT NULL, 
	locked_by VARCHAR(8), 
	locked_reason VARCHAR(255), 
	password TEXT, 
	host VARCHAR(255), 
	zone VARCHAR(255), 
	desired_power VARCHAR(16) NOT NULL, 
	delete_requested_at DATETIME, 
	generation INTEGER NOT NULL, 
	observed_power VARCHAR(16), 
	observed_vifs TEXT NOT NULL, 
	observed_at DATETIME, 
	vm_state VARCHAR(32) NOT NULL, 
	task_state VARCHAR(64), 
	power_state INTEGER NOT NULL, 
	fault TEXT, 
	has_error BOOLEAN NOT NULL, 
	launched_at DATETIME, 
	terminated_at DATETIME, 
	deleted_at DATETIME, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_compute_servers PRIMARY KEY (number), 
	CONSTRAINT uq_compute_servers_id UNIQUE (id)
);
INSERT INTO "compute_servers" VALUES(1,'a8f2c7e4-313c-471e-b2c0-3457f0ddaf3d','464225a637e9404dadd2e065a88dcf99','aa57ee28f59b4e818694416fb0a057b4','estate',NULL,'estate','r-9996c29a',0,'42','{"id":"42","name":"m1.nano","vcpus":1,"ram":192,"disk":1,"ephemeral":0,"swap":0,"extra_specs":{}}',1,192,1,'ab1ea614-2380-4233-88f2-451798f34843','{"id":"ab1ea614-2380-4233-88f2-451798f34843","name":"estate","disk_format":"raw","container_format":"bare","size":1024,"virtual_size":1024,"sha512":"fa41ec783342d4c23e7b6550f1e96e32a16269e390449e5fdda60f05611ecb08dd56a5b8cde90024b7da934cdb9a9cc8c8a310eb20e25227699bbf6518e23360","generation":"56346b7eeb10841d","min_disk":0,"min_ram":0,"properties":{}}',NULL,NULL,NULL,'{}',0,'{"colour":"blue"}','[]',NULL,NULL,'MANUAL',NULL,'{}',NULL,NULL,NULL,'vm','nova','running',NULL,1,'running','["74a1c292-3470-4791-a840-dd31e748c3ff"]','2026-11-30 07:34:24.623118','active',NULL,1,NULL,0,'2026-11-30 07:34:24.623128',NULL,NULL,'2026-11-30 07:34:24.546927','2026-11-30 07:34:24.623959');
CREATE TABLE identity_access_rules (
	id VARCHAR(64) NOT NULL, 
	user_id VARCHAR(64) NOT NULL, 
	service VARCHAR(64) NOT NULL, 
	path VARCHAR(128) NOT NULL, 
	method VARCHAR(16) NOT NULL, number INTEGER DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_identity_access_rules PRIMARY KEY (id), 
	CONSTRAINT fk_identity_access_rules_user_id_identity_users FOREIGN KEY(user_id) REFERENCES identity_users (id) ON DELETE CASCADE, 
	CONSTRAINT uq_identity_access_rules_user_id_service_path_method UNIQUE (user_id, service, path, method)
);
CREATE TABLE identity_access_tokens (
	id VARCHAR(64) NOT NULL, 
	consumer_id VARCHAR(64) NOT NULL, 
	encrypted_secret TEXT NOT NULL, 
	project_id VARCHAR(64) NOT NULL, 
	authorizing_user_id VARCHAR(64) NOT NULL, 
	role_ids TEXT NOT NULL, 
	expires_at DATETIME, 
	CONSTRAINT pk_identity_access_tokens PRIMARY KEY (id), 
	CONSTRAINT fk_identity_access_tokens_authorizing_user_id_identity_users FOREIGN KEY(authorizing_user_id) REFERENCES identity_users (id) ON DELETE CASCADE, 
	CONSTRAINT fk_identity_access_tokens_consumer_id_identity_consumers FOREIGN KEY(consumer_id) REFERENCES identity_consumers (id) ON DELETE CASCADE, 
	CONSTRAINT fk_identity_access_tokens_project_id_identity_projects FOREIGN KEY(project_id) REFERENCES identity_projects (id) ON DELETE CASCADE
);
CREATE TABLE identity_application_credentials (
	id VARCHAR(64) NOT NULL, 
	user_id VARCHAR(64) NOT NULL, 
	project_id VARCHAR(64) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	description TEXT, 
	secret_hash VARCHAR(255) NOT NULL, 
	role_ids TEXT NOT NULL, 
	expires_at DATETIME, 
	unrestricted BOOLEAN NOT NULL, 
	access_rule_ids TEXT, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_identity_application_credentials PRIMARY KEY (id), 
	CONSTRAINT fk_identity_application_credentials_project_id_identity_projects FOREIGN KEY(project_id) REFERENCES identity_projects (id) ON DELETE CASCADE, 
	CONSTRAINT fk_identity_application_credentials_user_id_identity_users FOREIGN KEY(user_id) REFERENCES identity_users (id) ON DELETE CASCADE, 
	CONSTRAINT uq_identity_application_credentials_user_id_name UNIQUE (user_id, name)
);
INSERT INTO "identity_application_credentials" VALUES('a288fdeeaf844facae0be8fb98599222','aa57ee28f59b4e818694416fb0a057b4','464225a637e9404dadd2e065a88dcf99','e',NULL,'$argon2id$v=19$m=12288,t=3,p=1$/ECqQFyFJchnkEG7/5rDGQ$BQ2qMxpXisf0VY4N4WBorEru3qRj2wXejUqm9JlpGAw','["dca848352b7d473d8f2f73af835a1ed0","47cbd4e256bc4a77864dc6c2a84555cc"]',NULL,0,NULL,'2026-11-30 07:34:24.224278',NULL);
CREATE TABLE identity_assignments (
	actor VARCHAR(8) NOT NULL, 
	actor_id VARCHAR(64) NOT NULL, 
	target VARCHAR(8) NOT NULL, 
	target_id VARCHAR(64) NOT NULL, 
	role_id VARCHAR(64) NOT NULL, 
	inherited BOOLEAN NOT NULL, 
	CONSTRAINT pk_identity_assignments PRIMARY KEY (actor, actor_id, target, target_id, role_id, inherited), 
	CONSTRAINT fk_identity_assignments_role_id_identity_roles FOREIGN KEY(role_id) REFERENCES identity_roles (id) ON DELETE CASCADE
);
INSERT INTO "identity_assignments" VALUES('user','5ab43344ec4b4774a2d954decc0aa407','project','845e5df0e23846dca2faa864082c4016','37b042b654584f2fa9abe4b8101611dd',0);
INSERT INTO "identity_assignments" VALUES('user','5ab43344ec4b4774a2d954decc0aa407','project','464225a637e9404dadd2e065a88dcf99','37b042b654584f2fa9abe4b8101611dd',0);
INSERT INTO "identity_assignments" VALUES('user','5ab43344ec4b4774a2d954decc0aa407','domain','default','37b042b654584f2fa9abe4b8101611dd',0);
INSERT INTO "identity_assignments" VALUES('user','5ab43344ec4b4774a2d954decc0aa407','system','system','37b042b654584f2fa9abe4b8101611dd',0);
INSERT INTO "identity_assignments" VALUES('user','aa57ee28f59b4e818694416fb0a057b4','project','464225a637e9404dadd2e065a88dcf99','dca848352b7d473d8f2f73af835a1ed0',0);
INSERT INTO "identity_assignments" VALUES('user','1b165cfd563d4509890d8ff61c82a7e3','project','f42f8393f8b9481392d34b7b2d0f2bfd','caee5d796b7844ae8d22e96a7c2a4825',0);
INSERT INTO "identity_assignments" VALUES('user','ec1bb0518510487b9633b68808ec9dac','project','f42f8393f8b9481392d34b7b2d0f2bfd','caee5d796b7844ae8d22e96a7c2a4825',0);
INSERT INTO "identity_assignments" VALUES('user','800b05f2316d4c0aa8016b9bc3c7031f','project','f42f8393f8b9481392d34b7b2d0f2bfd','caee5d796b7844ae8d22e96a7c2a4825',0);
INSERT INTO "identity_assignments" VALUES('user','415c8841c14444c2936e3c628fb9442d','project','f42f8393f8b9481392d34b7b2d0f2bfd','caee5d796b7844ae8d22e96a7c2a4825',0);
CREATE TABLE identity_consumers (
	id VARCHAR(64) NOT NULL, 
	description TEXT, 
	encrypted_secret TEXT NOT NULL, 
	extra TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_identity_consumers PRIMARY KEY (id)
);
INSERT INTO "identity_consumers" VALUES('3d41d9a9cc4d4cb9b4701ba2f6c808f3','estate','gAAAAABrDScAonLPhBy68Sm0MrthJjL8KPQAvrxLDqbbmZb4nr76M6Jpcvn1Q7_SEdcT2e0HtdDVUOE_k2hZXlccb4bXVkoZ7QCrS55RQf8kEKvyAaSXGvQ70nLkRJiGBwMTmygJLVBY','{}','2026-11-30 07:34:24.176936',NULL);
CREATE TABLE identity_credentials (
	id VARCHAR(64) NOT NULL, 
	user_id VARCHAR(64) NOT NULL, 
	project_id VARCHAR(64), 
	type VARCHAR(255) NOT NULL, 
	encrypted_blob TEXT NOT NULL, 
	extra TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_identity_credentials PRIMARY KEY (id)
);
INSERT INTO "identity_credentials" VALUES('42dc0d3ba4a7446eac4b670ab3aef509','aa57ee28f59b4e818694416fb0a057b4',NULL,'cert','gAAAAABrDScA0tLfqL3rq_kamf8thwsFjkZushPmIYwxeIlShqz01t9_SUQ6c_qmbCRz13ElYxUGnbTl-p4QwFRHzXv_w_IKHg','{}','2026-11-30 07:34:24.158982',NULL);
INSERT INTO "identity_credentials" VALUES('8a202a23332491fa388c95064c6c03c3663678c38009f724a887a6bcbd82892c','aa57ee28f59b4e818694416fb0a057b4','464225a637e9404dadd2e065a88dcf99','ec2','gAAAAABrDScAHDuo8DxonqD-uo9PzO9hGgohWQhV_CLrJGFq3wnqMRpprJUsl9fBBXbjffvRw7_zZvA-daNHRSjg87UJeaUWfO4punDEZm33LoYyP82H8bTaDS2RieNxqS70Bl1CJ1MJKMMsnIBD8gBYctiUSMRfOSGsdM25jyv5QZxQ-F_XzV67Ce5W_2LxmAX89M-lA2OWGmdV5lJ29n1d-oEiuNv7Kg','{}','2026-11-30 07:34:24.186602',NULL);
CREATE TABLE identity_domain_options (
	domain_id VARCHAR(64) NOT NULL, 
	option_group VARCHAR(64) NOT NULL, 
	option VARCHAR(64) NOT NULL, 
	value TEXT NOT NULL, 
	sensitive BOOLEAN NOT NULL, 
	CONSTRAINT pk_identity_domain_options PRIMARY KEY (domain_id, option_group, option), 
	CONSTRAINT fk_identity_domain_options_domain_id_identity_projects FOREIGN KEY(domain_id) REFERENCES identity_projects (id) ON DELETE CASCADE
);
CREATE TABLE identity_endpoint_groups (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	description TEXT, 
	filters TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_identity_endpoint_groups PRIMARY KEY (id)
);
INSERT INTO "identity_endpoint_groups" VALUES('ef3e1578c134456ab476f1188e770028','estate',NULL,'{"interface":"public"}','2026-11-30 07:34:24.180052',NULL);
CREATE TABLE identity_endpoints (
	id VARCHAR(64) NOT NULL, 
	service_id VARCHAR(64) NOT NULL, 
	region_id VARCHAR(255), 
	interface VARCHAR(8) NOT NULL, 
	url TEXT NOT NULL, 
	enabled BOOLEAN NOT NULL, 
	extra TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_identity_endpoints PRIMARY KEY (id), 
	CONSTRAINT fk_identity_endpoints_region_id_identity_regions FOREIGN KEY(region_id) REFERENCES identity_regions (id), 
	CONSTRAINT fk_identity_endpoints_service_id_identity_services FOREIGN KEY(service_id) REFERENCES identity_services (id) ON DELETE CASCADE
);
INSERT INTO "identity_endpoints" VALUES('8ffb8297041943c48ebb980eecd24428','d005766d19f8472faa303f5ea09a9dc7','RegionOne','public','dialled:identity',1,'{}','2026-11-30 07:34:23.507827',NULL);
INSERT INTO "identity_endpoints" VALUES('0d4906bb86954f6f813904f0b854cd7a','d005766d19f8472faa303f5ea09a9dc7','RegionOne','internal','dialled:identity',1,'{}','2026-11-30 07:34:23.507834',NULL);
INSERT INTO "identity_endpoints" VALUES('b885535b0c194465a7e2446bd7aee303','d005766d19f8472faa303f5ea09a9dc7','RegionOne','admin','dialled:identity',1,'{}','2026-11-30 07:34:23.507837',NULL);
INSERT INTO "identity_endpoints" VALUES('2a6f26b709da40d69c9dfda67be7a2b2','b6955c4433f24a159a279dddac29b957','RegionOne','public','dialled:placement',1,'{}','2026-11-30 07:34:23.511334',NULL);
INSERT INTO "identity_endpoints" VALUES('d116406e38fe44ffb171bba847290fcd','b6955c4433f24a159a279dddac29b957','RegionOne','internal','dialled:placement',1,'{}','2026-11-30 07:34:23.511339',NULL);
INSERT INTO "identity_endpoints" VALUES('8a05f7bd71f943608771bdc5bbfc995d','b6955c4433f24a159a279dddac29b957','RegionOne','admin','dialled:placement',1,'{}','2026-11-30 07:34:23.511341',NULL);
INSERT INTO "identity_endpoints" VALUES('0dae5f4c038b48598b01c56bfed8af95','e383a9f008414d77aec9482d54eb6e30','RegionOne','public','dialled:image',1,'{}','2026-11-30 07:34:23.512366',NULL);
INSERT INTO "identity_endpoints" VALUES('5ac9c8bf1ed14b1ea9d6569b6c7ab01e','e383a9f008414d77aec9482d54eb6e30','RegionOne','internal','dialled:image',1,'{}','2026-11-30 07:34:23.512371',NULL);
INSERT INTO "identity_endpoints" VALUES('cefbb0ebd40e4915bc8fd601ec64cdeb','e383a9f008414d77aec9482d54eb6e30','RegionOne','admin','dialled:image',1,'{}','2026-11-30 07:34:23.512374',NULL);
INSERT INTO "identity_endpoints" VALUES('8b6882eec8914ec9ba44771b2ee8bf88','c7dbf731d86c43bf99258e28dd26c780','RegionOne','public','dialled:network',1,'{}','2026-11-30 07:34:23.513244',NULL);
INSERT INTO "identity_endpoints" VALUES('dcca723cdefc486286e4fd5519d672a0','c7dbf731d86c43bf99258e28dd26c780','RegionOne','internal','dialled:network',1,'{}','2026-11-30 07:34:23.513248',NULL);
INSERT INTO "identity_endpoints" VALUES('3a0ffca413b14366950fd1182db8255f','c7dbf731d86c43bf99258e28dd26c780','RegionOne','admin','dialled:network',1,'{}','2026-11-30 07:34:23.513251',NULL);
INSERT INTO "identity_endpoints" VALUES('f4949d51873b4a1fb516acf385965213','2f473779ab36414b90f551858bbeed7e','RegionOne','public','dialled:compute',1,'{}','2026-11-30 07:34:23.518375',NULL);
INSERT INTO "identity_endpoints" VALUES('6c67f70f247040cdb6e936458e38f600','2f473779ab36414b90f551858bbeed7e','RegionOne','internal','dialled:compute',1,'{}','2026-11-30 07:34:23.518380',NULL);
INSERT INTO "identity_endpoints" VALUES('1131f68cc60c45a8b0ca25a9bea746b8','2f473779ab36414b90f551858bbeed7e','RegionOne','admin','dialled:compute',1,'{}','2026-11-30 07:34:23.518383',NULL);
INSERT INTO "identity_endpoints" VALUES('53b2132c8f4c422f9d4aa31c6bca324c','a9df2a9ded3f4c41acbe94aa3e8df15f',NULL,'public','http://e/',1,'{}','2026-11-30 07:34:24.152128',NULL);
CREATE TABLE identity_groups (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	domain_id VARCHAR(64) NOT NULL, 
	description TEXT NOT NULL, 
	extra TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_identity_groups PRIMARY KEY (id), 
	CONSTRAINT fk_identity_groups_domain_id_identity_projects FOREIGN KEY(domain_id) REFERENCES identity_projects (id), 
	CONSTRAINT uq_identity_groups_domain_id_name UNIQUE (domain_id, name)
);
INSERT INTO "identity_groups" VALUES('43eec6a6d74a42d698bb110f4ae40c39','estate','default','','{}','2026-11-30 07:34:24.127294',NULL);
CREATE TABLE identity_implied_roles (
	prior_id VARCHAR(64) NOT NULL, 
	implied_id VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_identity_implied_roles PRIMARY KEY (prior_id, implied_id), 
	CONSTRAINT fk_identity_implied_roles_implied_id_identity_roles FOREIGN KEY(implied_id) REFERENCES identity_roles (id) ON DELETE CASCADE, 
	CONSTRAINT fk_identity_implied_roles_prior_id_identity_roles FOREIGN KEY(prior_id) REFERENCES identity_roles (id) ON DELETE CASCADE
);
INSERT INTO "identity_implied_roles" VALUES('37b042b654584f2fa9abe4b8101611dd','caec8ba2444b4b569521d0d66905b5f2');
INSERT INTO "identity_implied_roles" VALUES('caec8ba2444b4b569521d0d66905b5f2','dca848352b7d473d8f2f73af835a1ed0');
INSERT INTO "identity_implied_roles" VALUES('dca848352b7d473d8f2f73af835a1ed0','47cbd4e256bc4a77864dc6c2a84555cc');
CREATE TABLE identity_key_rings (
	name VARCHAR(64) NOT NULL, 
	version INTEGER NOT NULL, 
	sealed TEXT NOT NULL, 
	CONSTRAINT pk_identity_key_rings PRIMARY KEY (name)
);
CREATE TABLE identity_limits (
	id VARCHAR(64) NOT NULL, 
	registered_limit_id VARCHAR(64) NOT NULL, 
	project_id VARCHAR(64), 
	domain_id VARCHAR(64), 
	resource_limit INTEGER NOT NULL, 
	description TEXT, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_identity_limits PRIMARY KEY (id), 
	CONSTRAINT fk_identity_limits_domain_id_identity_projects FOREIGN KEY(domain_id) REFERENCES identity_projects (id) ON DELETE CASCADE, 
	CONSTRAINT fk_identity_limits_project_id_identity_projects FOREIGN KEY(project_id) REFERENCES identity_projects (id) ON DELETE CASCADE, 
	CONSTRAINT fk_identity_limits_registered_limit_id_identity_registered_limits FOREIGN KEY(registered_limit_id) REFERENCES identity_registered_limits (id) ON DELETE CASCADE
);
CREATE TABLE identity_memberships (
	user_id VARCHAR(64) NOT NULL, 
	group_id VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_identity_memberships PRIMARY KEY (user_id, group_id), 
	CONSTRAINT fk_identity_memberships_group_id_identity_groups FOREIGN KEY(group_id) REFERENCES identity_groups (id) ON DELETE CASCADE, 
	CONSTRAINT fk_identity_memberships_user_id_identity_users FOREIGN KEY(user_id) REFERENCES identity_users (id) ON DELETE CASCADE
);
CREATE TABLE identity_passwords (
	id INTEGER NOT NULL, 
	user_id VARCHAR(64) NOT NULL, 
	hash VARCHAR(255) NOT NULL, 
	self_service BOOLEAN NOT NULL, 
	created_at DATETIME NOT NULL, 
	expires_at DATETIME, 
	CONSTRAINT pk_identity_passwords PRIMARY KEY (id), 
	CONSTRAINT fk_identity_passwords_user_id_identity_users FOREIGN KEY(user_id) REFERENCES identity_users (id) ON DELETE CASCADE
);
INSERT INTO "identity_passwords" VALUES(1,'5ab43344ec4b4774a2d954decc0aa407','$argon2id$v=19$m=12288,t=3,p=1$oTxbJZOl2JKvLE8ThqUqQQ$L8daiJlUs2FYA3sT9kV3EVbOfpoHcGxKVoX1JHBg9cA',0,'2026-11-30 07:34:23.310113',NULL);
INSERT INTO "identity_passwords" VALUES(2,'aa57ee28f59b4e818694416fb0a057b4','$argon2id$v=19$m=12288,t=3,p=1$wGzv0uxmSuATIFswGX1ekw$VC3ATN7FdNQBs4ogwmJmfAKDwNL3FXjfZWuZtJa2l40',0,'2026-11-30 07:34:23.372855',NULL);
INSERT INTO "identity_passwords" VALUES(3,'1b165cfd563d4509890d8ff61c82a7e3','$argon2id$v=19$m=12288,t=3,p=1$wjJnUt7qSJKkV+wx990jfQ$V4G2XmNkzXvSEkq/Y+8ncjq9yY8MrVhGruvvkNvqXA4',0,'2026-11-30 07:34:23.418976',NULL);
INSERT INTO "identity_passwords" VALUES(4,'ec1bb0518510487b9633b68808ec9dac','$argon2id$v=19$m=12288,t=3,p=1$/6tW55riGA0ixS6+jwzSVQ$m/tDRDVtz9jvuX7+3HILxwNS6i9fWHUzj0AWh7v6Zyg',0,'2026-11-30 07:34:23.450527',NULL);
INSERT INTO "identity_passwords" VALUES(5,'800b05f2316d4c0aa8016b9bc3c7031f','$argon2id$v=19$m=12288,t=3,p=1$J1e2Rj67zc2jJ8IHMHqDiQ$j0auddJaKFfUIzozRv/OgE/s4s+qoirIvkg6Lz2DGII',0,'2026-11-30 07:34:23.471458',NULL);
INSERT INTO "identity_passwords" VALUES(6,'415c8841c14444c2936e3c628fb9442d','$argon2id$v=19$m=12288,t=3,p=1$Jmk09xZH7nephUtLO6h6UA$xaXMSfHtstKrRozLTQE55x7pIDDiMMcuPqIXr57k3AI',0,'2026-11-30 07:34:23.492267',NULL);
CREATE TABLE identity_policies (
	id VARCHAR(64) NOT NULL, 
	type VARCHAR(255) NOT NULL, 
	blob TEXT NOT NULL, 
	extra TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_identity_policies PRIMARY KEY (id)
);
INSERT INTO "identity_policies" VALUES('56f4375d469149a9ad0a1ce407752a6c','application/json','{}','{}','2026-11-30 07:34:24.173320',NULL);
CREATE TABLE identity_policy_associations (
	id VARCHAR(400) NOT NULL, 
	policy_id VARCHAR(64) NOT NULL, 
	endpoint_id VARCHAR(64), 
	service_id VARCHAR(64), 
	region_id VARCHAR(255), 
	CONSTRAINT pk_identity_policy_associations PRIMARY KEY (id), 
	CONSTRAINT fk_identity_policy_associations_endpoint_id_identity_endpoints FOREIGN KEY(endpoint_id) REFERENCES identity_endpoints (id) ON DELETE CASCADE, 
	CONSTRAINT fk_identity_policy_associations_policy_id_identity_policies FOREIGN KEY(policy_id) REFERENCES identity_policies (id) ON DELETE CASCADE, 
	CONSTRAINT fk_identity_policy_associations_region_id_identity_regions FOREIGN KEY(region_id) REFERENCES identity_regions (id) ON DELETE CASCADE, 
	CONSTRAINT fk_identity_policy_associations_service_id_identity_services FOREIGN KEY(service_id) REFERENCES identity_services (id) ON DELETE CASCADE
);
CREATE TABLE identity_premade (
	name VARCHAR(255) NOT NULL, 
	CONSTRAINT pk_identity_premade PRIMARY KEY (name)
);
INSERT INTO "identity_premade" VALUES('domain');
INSERT INTO "identity_premade" VALUES('project admin');
INSERT INTO "identity_premade" VALUES('project demo');
INSERT INTO "identity_premade" VALUES('project service');
INSERT INTO "identity_premade" VALUES('roles');
INSERT INTO "identity_premade" VALUES('user admin');
INSERT INTO "identity_premade" VALUES('user demo');
INSERT INTO "identity_premade" VALUES('service users');
INSERT INTO "identity_premade" VALUES('region');
INSERT INTO "identity_premade" VALUES('service identity');
INSERT INTO "identity_premade" VALUES('service placement');
INSERT INTO "identity_premade" VALUES('service image');
INSERT INTO "identity_premade" VALUES('service network');
INSERT INTO "identity_premade" VALUES('service compute');
CREATE TABLE identity_project_endpoint_groups (
	project_id VARCHAR(64) NOT NULL, 
	endpoint_group_id VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_identity_project_endpoint_groups PRIMARY KEY (project_id, endpoint_group_id), 
	CONSTRAINT fk_identity_project_endpoint_groups_endpoint_group_id_identity_endpoint_groups FOREIGN KEY(endpoint_group_id) REFERENCES identity_endpoint_groups (id) ON DELETE CASCADE, 
	CONSTRAINT fk_identity_project_endpoint_groups_project_id_identity_projects FOREIGN KEY(project_id) REFERENCES identity_projects (id) ON DELETE CASCADE
);
CREATE TABLE identity_project_endpoints (
	project_id VARCHAR(64) NOT NULL, 
	endpoint_id VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_identity_project_endpoints PRIMARY KEY (project_id, endpoint_id), 
	CONSTRAINT fk_identity_project_endpoints_endpoint_id_identity_endpoints FOREIGN KEY(endpoint_id) REFERENCES identity_endpoints (id) ON DELETE CASCADE, 
	CONSTRAINT fk_identity_project_endpoints_project_id_identity_projects FOREIGN KEY(project_id) REFERENCES identity_projects (id) ON DELETE CASCADE
);
CREATE TABLE identity_project_tags (
	project_id VARCHAR(64) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	CONSTRAINT pk_identity_project_tags PRIMARY KEY (project_id, name), 
	CONSTRAINT fk_identity_project_tags_project_id_identity_projects FOREIGN KEY(project_id) REFERENCES identity_projects (id) ON DELETE CASCADE
);
CREATE TABLE identity_projects (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	domain_id VARCHAR(64) NOT NULL, 
	parent_id VARCHAR(64), 
	is_domain BOOLEAN NOT NULL, 
	enabled BOOLEAN NOT NULL, 
	description TEXT NOT NULL, 
	options TEXT NOT NULL, 
	extra TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_identity_projects PRIMARY KEY (id), 
	CONSTRAINT fk_identity_projects_parent_id_identity_projects FOREIGN KEY(parent_id) REFERENCES identity_projects (id), 
	CONSTRAINT uq_identity_projects_domain_id_name UNIQUE (domain_id, name)
);
INSERT INTO "identity_projects" VALUES('default','Default','',NULL,1,1,'The default domain','{}','{}','2026-11-30 07:34:23.146296',NULL);
INSERT INTO "identity_projects" VALUES('845e5df0e23846dca2faa864082c4016','admin','default','default',0,1,'','{}','{}','2026-11-30 07:34:23.147657',NULL);
INSERT INTO "identity_projects" VALUES('464225a637e9404dadd2e065a88dcf99','demo','default','default',0,1,'','{}','{}','2026-11-30 07:34:23.148115',NULL);
INSERT INTO "identity_projects" VALUES('f42f8393f8b9481392d34b7b2d0f2bfd','service','default','default',0,1,'','{}','{}','2026-11-30 07:34:23.148472',NULL);
INSERT INTO "identity_projects" VALUES('76be6af2748b461e81a47195325c1291','estate','',NULL,1,1,'','{}','{}','2026-11-30 07:34:24.140006',NULL);
CREATE TABLE identity_regions (
	id VARCHAR(255) NOT NULL, 
	description TEXT NOT NULL, 
	parent_id VARCHAR(255), 
	extra TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_identity_regions PRIMARY KEY (id), 
	CONSTRAINT fk_identity_regions_parent_id_identity_regions FOREIGN KEY(parent_id) REFERENCES identity_regions (id)
);
INSERT INTO "identity_regions" VALUES('RegionOne','',NULL,'{}','2026-11-30 07:34:23.495738',NULL);
INSERT INTO "identity_regions" VALUES('estate','',NULL,'{}','2026-11-30 07:34:24.143533',NULL);
CREATE TABLE "identity_registered_limits" (
	id VARCHAR(64) NOT NULL, 
	service_id VARCHAR(64) NOT NULL, 
	region_id VARCHAR(255), 
	resource_name VARCHAR(255) NOT NULL, 
	default_limit INTEGER NOT NULL, 
	description TEXT, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_identity_registered_limits PRIMARY KEY (id)
);
CREATE TABLE identity_request_tokens (
	id VARCHAR(64) NOT NULL, 
	consumer_id VARCHAR(64) NOT NULL, 
	encrypted_secret TEXT NOT NULL, 
	project_id VARCHAR(64) NOT NULL, 
	verifier VARCHAR(64), 
	authorizing_user_id VARCHAR(64), 
	role_ids TEXT NOT NULL, 
	expires_at DATETIME, 
	CONSTRAINT pk_identity_request_tokens PRIMARY KEY (id), 
	CONSTRAINT fk_identity_request_tokens_authorizing_user_id_identity_users FOREIGN KEY(authorizing_user_id) REFERENCES identity_users (id) ON DELETE CASCADE, 
	CONSTRAINT fk_identity_request_tokens_consumer_id_identity_consumers FOREIGN KEY(consumer_id) REFERENCES identity_consumers (id) ON DELETE CASCADE, 
	CONSTRAINT fk_identity_request_tokens_project_id_identity_projects FOREIGN KEY(project_id) REFERENCES identity_projects (id) ON DELETE CASCADE
);
CREATE TABLE identity_revocations (
	id INTEGER NOT NULL, 
	user_id VARCHAR(64), 
	project_id VARCHAR(64), 
	domain_id VARCHAR(64), 
	role_id VARCHAR(64), 
	trust_id VARCHAR(64), 
	audit_id VARCHAR(32), 
	audit_chain_id VARCHAR(32), 
	issued_before DATETIME NOT NULL, 
	revoked_at DATETIME NOT NULL, 
	CONSTRAINT pk_identity_revocations PRIMARY KEY (id)
);
CREATE TABLE identity_roles (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	domain_id VARCHAR(64) NOT NULL, 
	description TEXT, 
	options TEXT NOT NULL, 
	extra TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_identity_roles PRIMARY KEY (id), 
	CONSTRAINT uq_identity_roles_domain_id_name UNIQUE (domain_id, name)
);
INSERT INTO "identity_roles" VALUES('37b042b654584f2fa9abe4b8101611dd','admin','',NULL,'{"immutable":true}','{}','2026-11-30 07:34:23.149494',NULL);
INSERT INTO "identity_roles" VALUES('caec8ba2444b4b569521d0d66905b5f2','manager','',NULL,'{"immutable":true}','{}','2026-11-30 07:34:23.149499',NULL);
INSERT INTO "identity_roles" VALUES('dca848352b7d473d8f2f73af835a1ed0','member','',NULL,'{"immutable":true}','{}','2026-11-30 07:34:23.149501',NULL);
INSERT INTO "identity_roles" VALUES('47cbd4e256bc4a77864dc6c2a84555cc','reader','',NULL,'{"immutable":true}','{}','2026-11-30 07:34:23.149504',NULL);
INSERT INTO "identity_roles" VALUES('caee5d796b7844ae8d22e96a7c2a4825','service','',NULL,'{"immutable":true}','{}','2026-11-30 07:34:23.149507',NULL);
INSERT INTO "identity_roles" VALUES('f1feee982ebc45ea93d4b7f100315bdc','estate','',NULL,'{}','{}','2026-11-30 07:34:24.130747',NULL);
INSERT INTO "identity_roles" VALUES('b503345e160147b680dd67ca6e0926d3','estate-implied','',NULL,'{}','{}','2026-11-30 07:34:24.136061',NULL);
CREATE TABLE identity_services (
	id VARCHAR(64) NOT NULL, 
	type VARCHAR(255) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	enabled BOOLEAN NOT NULL, 
	extra TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_identity_services PRIMARY KEY (id)
);
INSERT INTO "identity_services" VALUES('d005766d19f8472faa303f5ea09a9dc7','identity','keystone',1,'{"description":""}','2026-11-30 07:34:23.496953',NULL);
INSERT INTO "identity_services" VALUES('b6955c4433f24a159a279dddac29b957','placement','placement',1,'{"description":""}','2026-11-30 07:34:23.510604',NULL);
INSERT INTO "identity_services" VALUES('e383a9f008414d77aec9482d54eb6e30','image','glance',1,'{"description":""}','2026-11-30 07:34:23.511792',NULL);
INSERT INTO "identity_services" VALUES('c7dbf731d86c43bf99258e28dd26c780','network','neutron',1,'{"description":""}','2026-11-30 07:34:23.512800',NULL);
INSERT INTO "identity_services" VALUES('2f473779ab36414b90f551858bbeed7e','compute','nova',1,'{"description":""}','2026-11-30 07:34:23.513678',NULL);
INSERT INTO "identity_services" VALUES('a9df2a9ded3f4c41acbe94aa3e8df15f','estate','',1,'{}','2026-11-30 07:34:24.146127',NULL);
CREATE TABLE identity_spent_passcodes (
	user_id VARCHAR(64) NOT NULL, 
	passcode VARCHAR(8) NOT NULL, 
	totp_window BIGINT NOT NULL, 
	CONSTRAINT pk_identity_spent_passcodes PRIMARY KEY (user_id, passcode, totp_window), 
	CONSTRAINT fk_identity_spent_passcodes_user_id_identity_users FOREIGN KEY(user_id) REFERENCES identity_users (id) ON DELETE CASCADE
);
CREATE TABLE identity_trusts (
	id VARCHAR(64) NOT NULL, 
	trustor_user_id VARCHAR(64) NOT NULL, 
	trustee_user_id VARCHAR(64) NOT NULL, 
	project_id VARCHAR(64), 
	impersonation BOOLEAN NOT NULL, 
	role_ids TEXT NOT NULL, 
	expires_at DATETIME, 
	remaining_uses INTEGER, 
	redelegated_trust_id VARCHAR(64), 
	redelegation_count INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_identity_trusts PRIMARY KEY (id), 
	CONSTRAINT fk_identity_trusts_project_id_identity_projects FOREIGN KEY(project_id) REFERENCES identity_projects (id) ON DELETE CASCADE, 
	CONSTRAINT fk_identity_trusts_trustee_user_id_identity_users FOREIGN KEY(trustee_user_id) REFERENCES identity_users (id) ON DELETE CASCADE, 
	CONSTRAINT fk_identity_trusts_trustor_user_id_identity_users FOREIGN KEY(trustor_user_id) REFERENCES identity_users (id) ON DELETE CASCADE
);
CREATE TABLE identity_used_nonces (
	consumer_id VARCHAR(64) NOT NULL, 
	nonce VARCHAR(255) NOT NULL, 
	signed_at BIGINT NOT NULL, 
	CONSTRAINT pk_identity_used_nonces PRIMARY KEY (consumer_id, nonce, signed_at), 
	CONSTRAINT fk_identity_used_nonces_consumer_id_identity_consumers FOREIGN KEY(consumer_id) REFERENCES identity_consumers (id) ON DELETE CASCADE
);
CREATE TABLE identity_used_passcodes (
	credential_id VARCHAR(64) NOT NULL, 
	totp_window BIGINT NOT NULL, 
	CONSTRAINT pk_identity_used_passcodes PRIMARY KEY (credential_id), 
	CONSTRAINT fk_identity_used_passcodes_credential_id_identity_credentials FOREIGN KEY(credential_id) REFERENCES identity_credentials (id) ON DELETE CASCADE
);
CREATE TABLE identity_users (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	domain_id VARCHAR(64) NOT NULL, 
	enabled BOOLEAN NOT NULL, 
	default_project_id VARCHAR(64), 
	options TEXT NOT NULL, 
	extra TEXT NOT NULL, 
	failed_count INTEGER NOT NULL, 
	failed_at DATETIME, 
	last_active_at DATETIME, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_identity_users PRIMARY KEY (id), 
	CONSTRAINT fk_identity_users_domain_id_identity_projects FOREIGN KEY(domain_id) REFERENCES identity_projects (id), 
	CONSTRAINT uq_identity_users_domain_id_name UNIQUE (domain_id, name)
);
INSERT INTO "identity_users" VALUES('5ab43344ec4b4774a2d954decc0aa407','admin','default',1,NULL,'{}','{}',0,NULL,'2026-11-30 07:34:23.792581','2026-11-30 07:34:23.181099','2026-11-30 07:34:23.796181');
INSERT INTO "identity_users" VALUES('aa57ee28f59b4e818694416fb0a057b4','demo','default',1,NULL,'{}','{}',0,NULL,'2026-11-30 07:34:23.851412','2026-11-30 07:34:23.317382','2026-11-30 07:34:23.852445');
INSERT INTO "identity_users" VALUES('1b165cfd563d4509890d8ff61c82a7e3','glance','default',1,NULL,'{}','{}',0,NULL,NULL,'2026-11-30 07:34:23.379166',NULL);
INSERT INTO "identity_users" VALUES('ec1bb0518510487b9633b68808ec9dac','neutron','default',1,NULL,'{}','{}',0,NULL,NULL,'2026-11-30 07:34:23.420491',NULL);
INSERT INTO "identity_users" VALUES('800b05f2316d4c0aa8016b9bc3c7031f','nova','default',1,NULL,'{}','{}',0,NULL,NULL,'2026-11-30 07:34:23.452198',NULL);
INSERT INTO "identity_users" VALUES('415c8841c14444c2936e3c628fb9442d','placement','default',1,NULL,'{}','{}',0,NULL,NULL,'2026-11-30 07:34:23.473468',NULL);
CREATE TABLE image_former_images (
	id VARCHAR(36) NOT NULL, 
	deleted_at DATETIME NOT NULL, 
	CONSTRAINT pk_image_former_images PRIMARY KEY (id)
);
CREATE TABLE image_images (
	id VARCHAR(36) NOT NULL, 
	name VARCHAR(255), 
	status VARCHAR(30) NOT NULL, 
	visibility VARCHAR(16) NOT NULL, 
	owner VARCHAR(255), 
	disk_format VARCHAR(20), 
	container_format VARCHAR(20), 
	size BIGINT, 
	virtual_size BIGINT, 
	checksum VARCHAR(32), 
	os_hash_algo VARCHAR(64), 
	os_hash_value VARCHAR(128), 
	min_disk INTEGER NOT NULL, 
	min_ram INTEGER NOT NULL, 
	protected BOOLEAN NOT NULL, 
	os_hidden BOOLEAN NOT NULL, 
	properties TEXT NOT NULL, 
	tags TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	upload_token VARCHAR(36), 
	upload_seen_at DATETIME, 
	staged TEXT, 
	stores TEXT NOT NULL, 
	importing TEXT, locations TEXT, 
	CONSTRAINT pk_image_images PRIMARY KEY (id)
);
INSERT INTO "image_images" VALUES('50416f25-973e-45e8-9761-7535c1b3dc59','cirros','active','public','845e5df0e23846dca2faa864082c4016','raw','bare',65536,65536,'5c137faad0a3648ec7acf2276f103e67','sha512','ac38ab1f45596e8257ad9fd0e396a88b1cb5eabc31c2b1fbbbdbe30bd809f91b29e854be4fb832f3a99fdd46206db7a283cf69933d68e6aef9774ecbfcd579fd',0,0,0,0,'{"architecture":"x86_64"}','["cirros-0.6.3-x86_64-disk"]','2026-11-30 07:34:23.566996','2026-11-30 07:34:23.567000',NULL,NULL,NULL,'["file"]',NULL,NULL);
INSERT INTO "image_images" VALUES('3440ee42-64c4-4d71-8862-c1e9ed5d0f68','cirros-alt','active','public','845e5df0e23846dca2faa864082c4016','raw','bare',65536,65536,'bed01594177db30ad03e5d4188e763d2','sha512','c9ea53260f41f002f90d070d63623b3bb3150518175d7dd1dc8ae169ecd2b0283506eca85a7cb8e38907f990f474696c902f50ce690f2252db999ebf54ad04fc',0,0,0,0,'{"architecture":"x86_64"}','[]','2026-11-30 07:34:23.571586','2026-11-30 07:34:23.571589',NULL,NULL,NULL,'["file"]',NULL,NULL);
INSERT INTO "image_images" VALUES('53bf03c5-1aeb-446e-8cdd-b33da130c89d','cirros-0.6.3-x86_64-disk','active','public','845e5df0e23846dca2faa864082c4016','raw','bare',65536,65536,'5c137faad0a3648ec7acf2276f103e67','sha512','ac38ab1f45596e8257ad9fd0e396a88b1cb5eabc31c2b1fbbbdbe30bd809f91b29e854be4fb832f3a99fdd46206db7a283cf69933d68e6aef9774ecbfcd579fd',0,0,0,0,'{"architecture":"x86_64","description":"The same data as the image cirros"}','[]','2026-11-30 07:34:23.572419','2026-11-30 07:34:23.572419',NULL,NULL,NULL,'["file"]',NULL,NULL);
INSERT INTO "image_images" VALUES('ab1ea614-2380-4233-88f2-451798f34843','estate','active','shared','464225a637e9404dadd2e065a88dcf99','raw','bare',1024,1024,'7265f4d211b56873a381d321f586e4a9','sha512','fa41ec783342d4c23e7b6550f1e96e32a16269e390449e5fdda60f05611ecb08dd56a5b8cde90024b7da934cdb9a9cc8c8a310eb20e25227699bbf6518e23360',0,0,0,0,'{}','["one"]','2026-11-30 07:34:24.067762','2026-11-30 07:34:24.094286',NULL,NULL,NULL,'["file"]',NULL,NULL);
CREATE TABLE image_members (
	image_id VARCHAR(36) NOT NULL, 
	member_id VARCHAR(255) NOT NULL, 
	status VARCHAR(20) NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	CONSTRAINT pk_image_members PRIMARY KEY (image_id, member_id), 
	CONSTRAINT fk_image_members_image_id_image_images FOREIGN KEY(image_id) REFERENCES image_images (id) ON DELETE CASCADE
);
INSERT INTO "image_members" VALUES('ab1ea614-2380-4233-88f2-451798f34843','00000000000000000000000000000000','pending','2026-11-30 07:34:24.103502','2026-11-30 07:34:24.103505');
CREATE TABLE image_metadef_namespaces (
	id INTEGER NOT NULL, 
	name VARCHAR(80) NOT NULL, 
	display_name VARCHAR(80), 
	description VARCHAR(500), 
	visibility VARCHAR(16) NOT NULL, 
	protected BOOLEAN NOT NULL, 
	owner VARCHAR(255) NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	CONSTRAINT pk_image_metadef_namespaces PRIMARY KEY (id), 
	CONSTRAINT uq_image_metadef_namespaces_name UNIQUE (name)
);
INSERT INTO "image_metadef_namespaces" VALUES(1,'OS::Compute::VirtCPUTopology','Virtual CPU topology','How the virtual processors of a guest are laid out in sockets, cores and threads.','public',1,'845e5df0e23846dca2faa864082c4016','2026-11-30 07:34:23.524070','2026-11-30 07:34:23.524073');
INSERT INTO "image_metadef_namespaces" VALUES(2,'OS::Compute::CPUPinning','CPU pinning','Whether virtual processors have host processors of their own.','public',1,'845e5df0e23846dca2faa864082c4016','2026-11-30 07:34:23.525001','2026-11-30 07:34:23.525003');
INSERT INTO "image_metadef_namespaces" VALUES(3,'OS::Compute::GuestMemoryBacking','Guest memory','The pages of the host that a guest''s memory lies in.','public',1,'845e5df0e23846dca2faa864082c4016','2026-11-30 07:34:23.529472','2026-11-30 07:34:23.529475');
INSERT INTO "image_metadef_namespaces" VALUES(4,'OS::Compute::Watchdog','Watchdog','What happens when a guest stops feeding its watchdog.','public',1,'845e5df0e23846dca2faa864082c4016','2026-11-30 07:34:23.530660','2026-11-30 07:34:23.530662');
INSERT INTO "image_metadef_namespaces" VALUES(5,'OS::Compute::RandomNumberGenerator','Random numbers','How much of the host''s random numbers guests of a flavor may have.','public',1,'845e5df0e23846dca2faa864082c4016','2026-11-30 07:34:23.531665','2026-11-30 07:34:23.531666');
INSERT INTO "image_metadef_namespaces" VALUES(6,'OS::Compute::Quota','Shares and rates','Limits of processor, disk and network that a flavor sets for its guests.','public',1,'845e5df0e23846dca2faa864082c4016','2026-11-30 07:34:23.534379','2026-11-30 07:34:23.534385');
INSERT INTO "image_metadef_namespaces" VALUES(7,'OS::Compute::LibvirtImage','Virtual hardware','The devices a guest of an image is given. The hypervisor of this cloud honours the machine type and the firmware; its disks, network cards and random numbers are virtio.','public',1,'845e5df0e23846dca2faa864082c4016','2026-11-30 07:34:23.535577','2026-11-30 07:34:23.535578');
INSERT INTO "image_metadef_namespaces" VALUES(8,'OS::Glance::CommonImageProperties','Common image properties','What most clouds note of their images.','public',1,'845e5df0e23846dca2faa864082c4016','2026-11-30 07:34:23.536679','2026-11-30 07:34:23.536680');
INSERT INTO "image_metadef_namespaces" VALUES(9,'OS::Compute::InstanceData','Data for the guest','How a guest gets what it has to know of itself.','public',1,'845e5df0e23846dca2faa864082c4016','2026-11-30 07:34:23.537647','2026-11-30 07:34:23.537648');
INSERT INTO "image_metadef_namespaces" VALUES(10,'OS::Software::Runtimes','Runtime environments','Languages whose programs run in a guest without further installation. A note for people and programs that read it; nothing is installed.','public',1,'845e5df0e23846dca2faa864082c4016','2026-11-30 07:34:23.542938','2026-11-30 07:34:23.542940');
INSERT INTO "image_metadef_namespaces" VALUES(11,'OS::Software::WebServers','Web servers','Web servers in a guest, and where they listen. A note; nothing is installed.','public',1,'845e5df0e23846dca2faa864082c4016','2026-11-30 07:34:23.543702','2026-11-30 07:34:23.543703');
INSERT INTO "image_metadef_namespaces" VALUES(12,'OS::Software::DBMS','Databases','Database servers in a guest, and where they listen. A note; nothing is installed.','public',1,'845e5df0e23846dca2faa864082c4016','2026-11-30 07:34:23.545346','2026-11-30 07:34:23.545348');
CREATE TABLE image_metadef_objects (
	document TEXT NOT NULL, 
	id INTEGER NOT NULL, 
	namespace_id INTEGER NOT NULL, 
	name VARCHAR(80) NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	CONSTRAINT pk_image_metadef_objects PRIMARY KEY (id), 
	CONSTRAINT fk_image_metadef_objects_namespace_id_image_metadef_namespaces FOREIGN KEY(namespace_id) REFERENCES image_metadef_namespaces (id) ON DELETE CASCADE, 
	CONSTRAINT uq_image_metadef_objects_namespace_id_name UNIQUE (namespace_id, name)
);
INSERT INTO "image_metadef_objects" VALUES('{"description":"Java is installed.","properties":{"sw_runtime_java_version":{"title":"Version","description":"Version of Java","type":"string"}}}',1,10,'Java','2026-11-30 07:34:23.544460','2026-11-30 07:34:23.544462');
INSERT INTO "image_metadef_objects" VALUES('{"description":"Perl is installed.","properties":{"sw_runtime_perl_version":{"title":"Version","description":"Version of Perl","type":"string"}}}',2,10,'Perl','2026-11-30 07:34:23.544462','2026-11-30 07:34:23.544463');
INSERT INTO "image_metadef_objects" VALUES('{"description":"PHP is installed.","properties":{"sw_runtime_php_version":{"title":"Version","description":"Version of PHP","type":"string"}}}',3,10,'PHP','2026-11-30 07:34:23.544463','2026-11-30 07:34:23.544463');
INSERT INTO "image_metadef_objects" VALUES('{"description":"Python is installed.","properties":{"sw_runtime_python_version":{"title":"Version","description":"Version of Python","type":"string"}}}',4,10,'Python','2026-11-30 07:34:23.544464','2026-11-30 07:34:23.544464');
INSERT INTO "image_metadef_objects" VALUES('{"description":"Ruby is installed.","properties":{"sw_runtime_ruby_version":{"title":"Version","description":"Version of Ruby","type":"string"}}}',5,10,'Ruby','2026-11-30 07:34:23.544465','2026-11-30 07:34:23.544465');
INSERT INTO "image_metadef_objects" VALUES('{"description":"Apache HTTP Server is installed.","properties":{"sw_webserver_apache_version":{"title":"Version","description":"Version of Apache HTTP Server","type":"string"},"sw_webserver_apache_http_port":{"title":"HTTP port","description":"Where it listens without TLS","type":"integer","minimum":1,"maximum":65535},"sw_webserver_apache_https_port":{"title":"HTTPS port","description":"Where it listens with TLS","type":"integer","minimum":1,"maximum":65535}}}',6,11,'Apache HTTP Server','2026-11-30 07:34:23.548266','2026-11-30 07:34:23.548270');
INSERT INTO "image_metadef_objects" VALUES('{"description":"Nginx is installed.","properties":{"sw_webserver_nginx_version":{"title":"Version","description":"Version of Nginx","type":"string"},"sw_webserver_nginx_http_port":{"title":"HTTP port","description":"Where it listens without TLS","type":"integer","minimum":1,"maximum":65535},"sw_webserver_nginx_https_port":{"title":"HTTPS port","description":"Where it listens with TLS","type":"integer","minimum":1,"maximum":65535}}}',7,11,'Nginx','2026-11-30 07:34:23.548270','2026-11-30 07:34:23.548270');
INSERT INTO "image_metadef_objects" VALUES('{"description":"IIS is installed.","properties":{"sw_webserver_iis_version":{"title":"Version","description":"Version of IIS","type":"string"},"sw_webserver_iis_http_port":{"title":"HTTP port","description":"Where it listens without TLS","type":"integer","minimum":1,"maximum":65535},"sw_webserver_iis_https_port":{"title":"HTTPS port","description":"Where it listens with TLS","type":"integer","minimum":1,"maximum":65535}}}',8,11,'IIS','2026-11-30 07:34:23.548271','2026-11-30 07:34:23.548271');
INSERT INTO "image_metadef_objects" VALUES('{"description":"CouchDB is installed.","properties":{"sw_database_couchdb_version":{"title":"Version","description":"Version of CouchDB","type":"string"},"sw_database_couchdb_listen_port":{"title":"Port","description":"Where it listens","type":"integer","minimum":1,"maximum":65535},"sw_database_couchdb_admin":{"title":"Administrator","description":"Name of its administrator","type":"string"}}}',9,12,'CouchDB','2026-11-30 07:34:23.549454','2026-11-30 07:34:23.549455');
INSERT INTO "image_metadef_objects" VALUES('{"description":"MongoDB is installed.","properties":{"sw_database_mongodb_version":{"title":"Version","description":"Version of MongoDB","type":"string"},"sw_database_mongodb_listen_port":{"title":"Port","description":"Where it listens","type":"integer","minimum":1,"maximum":65535},"sw_database_mongodb_admin":{"title":"Administrator","description":"Name of its administrator","type":"string"}}}',10,12,'MongoDB','2026-11-30 07:34:23.549455','2026-11-30 07:34:23.549456');
INSERT INTO "image_metadef_objects" VALUES('{"description":"MySQL is installed.","properties":{"sw_database_mysql_version":{"title":"Version","description":"Version of MySQL","type":"string"},"sw_database_mysql_listen_port":{"title":"Port","description":"Where it listens","type":"integer","minimum":1,"maximum":65535},"sw_database_mysql_admin":{"title":"Administrator","description":"Name of its administrator","type":"string"}}}',11,12,'MySQL','2026-11-30 07:34:23.549456','2026-11-30 07:34:23.549456');
INSERT INTO "image_metadef_objects" VALUES('{"description":"PostgreSQL is installed.","properties":{"sw_database_postgresql_version":{"title":"Version","description":"Version of PostgreSQL","type":"string"},"sw_database_postgresql_listen_port":{"title":"Port","description":"Where it listens","type":"integer","minimum":1,"maximum":65535},"sw_database_postgresql_admin":{"title":"Administrator","description":"Name of its administrator","type":"string"}}}',12,12,'PostgreSQL','2026-11-30 07:34:23.549457','2026-11-30 07:34:23.549457');
INSERT INTO "image_metadef_objects" VALUES('{"description":"Redis is installed.","properties":{"sw_database_redis_version":{"title":"Version","description":"Version of Redis","type":"string"},"sw_database_redis_listen_port":{"title":"Port","description":"Where it listens","type":"integer","minimum":1,"maximum":65535},"sw_database_redis_admin":{"title":"Administrator","description":"Name of its administrator","type":"string"}}}',13,12,'Redis','2026-11-30 07:34:23.549457','2026-11-30 07:34:23.549458');
INSERT INTO "image_metadef_objects" VALUES('{"description":"Apache Cassandra is installed.","properties":{"sw_database_cassandra_version":{"title":"Version","description":"Version of Apache Cassandra","type":"string"},"sw_database_cassandra_listen_port":{"title":"Port","description":"Where it listens","type":"integer","minimum":1,"maximum":65535},"sw_database_cassandra_admin":{"title":"Administrator","description":"Name of its administrator","type":"string"}}}',14,12,'Apache Cassandra','2026-11-30 07:34:23.549458','2026-11-30 07:34:23.549458');
INSERT INTO "image_metadef_objects" VALUES('{"description":"SQL Server is installed.","properties":{"sw_database_sqlserver_version":{"title":"Version","description":"Version of SQL Server","type":"string"},"sw_database_sqlserver_listen_port":{"title":"Port","description":"Where it listens","type":"integer","minimum":1,"maximum":65535},"sw_database_sqlserver_edition":{"title":"Edition","description":"Which edition it is","type":"string"}}}',15,12,'SQL Server','2026-11-30 07:34:23.549459','2026-11-30 07:34:23.549459');
INSERT INTO "image_metadef_objects" VALUES('{"description":"Oracle is installed.","properties":{"sw_database_oracle_version":{"title":"Version","description":"Version of Oracle","type":"string"},"sw_database_oracle_listen_port":{"title":"Port","description":"Where it listens","type":"integer","minimum":1,"maximum":65535},"sw_database_oracle_edition":{"title":"Edition","description":"Which edition it is","type":"string"}}}',16,12,'Oracle','2026-11-30 07:34:23.549459','2026-11-30 07:34:23.549460');
CREATE TABLE image_metadef_properties (
	document TEXT NOT NULL, 
	id INTEGER NOT NULL, 
	namespace_id INTEGER NOT NULL, 
	name VARCHAR(80) NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	CONSTRAINT pk_image_metadef_properties PRIMARY KEY (id), 
	CONSTRAINT fk_image_metadef_properties_namespace_id_image_metadef_namespaces FOREIGN KEY(namespace_id) REFERENCES image_metadef_namespaces (id) ON DELETE CASCADE, 
	CONSTRAINT uq_image_metadef_properties_namespace_id_name UNIQUE (namespace_id, name)
);
INSERT INTO "image_metadef_properties" VALUES('{"title":"sockets","description":"So many sockets","type":"integer","minimum":1}',1,1,'cpu_sockets','2026-11-30 07:34:23.527053','2026-11-30 07:34:23.527056');
INSERT INTO "image_metadef_properties" VALUES('{"title":"cores","description":"So many cores","type":"integer","minimum":1}',2,1,'cpu_cores','2026-11-30 07:34:23.527075','2026-11-30 07:34:23.527076');
INSERT INTO "image_metadef_properties" VALUES('{"title":"threads","description":"So many threads","type":"integer","minimum":1}',3,1,'cpu_threads','2026-11-30 07:34:23.527077','2026-11-30 07:34:23.527077');
INSERT INTO "image_metadef_properties" VALUES('{"title":"Most sockets","description":"At most so many sockets","type":"integer","minimum":1}',4,1,'cpu_max_sockets','2026-11-30 07:34:23.527077','2026-11-30 07:34:23.527077');
INSERT INTO "image_metadef_properties" VALUES('{"title":"Most cores","description":"At most so many cores","type":"integer","minimum":1}',5,1,'cpu_max_cores','2026-11-30 07:34:23.527078','2026-11-30 07:34:23.527078');
INSERT INTO "image_metadef_properties" VALUES('{"title":"Most threads","description":"At most so many threads","type":"integer","minimum":1}',6,1,'cpu_max_threads','2026-11-30 07:34:23.527079','2026-11-30 07:34:23.527079');
INSERT INTO "image_metadef_properties" VALUES('{"title":"CPU policy","description":"Share processors or not","type":"string","enum":["shared","dedicated"]}',7,2,'cpu_policy','2026-11-30 07:34:23.529986','2026-11-30 07:34:23.529987');
INSERT INTO "image_metadef_properties" VALUES('{"title":"CPU thread policy","description":"What is done about threads of one core","type":"string","enum":["prefer","isolate","require"]}',8,2,'cpu_thread_policy','2026-11-30 07:34:23.529988','2026-11-30 07:34:23.529988');
INSERT INTO "image_metadef_properties" VALUES('{"title":"Page size","description":"small, large, any, or a size such as 2MB","type":"string"}',9,3,'mem_page_size','2026-11-30 07:34:23.531175','2026-11-30 07:34:23.531176');
INSERT INTO "image_metadef_properties" VALUES('{"title":"Action","description":"Done to the guest","type":"string","enum":["disabled","reset","poweroff","pause","none"]}',10,4,'watchdog_action','2026-11-30 07:34:23.533825','2026-11-30 07:34:23.533827');
INSERT INTO "image_metadef_properties" VALUES('{"title":"Allowed","description":"Whether guests have the device at all","type":"boolean","default":false}',11,5,'allowed','2026-11-30 07:34:23.534862','2026-11-30 07:34:23.534863');
INSERT INTO "image_metadef_properties" VALUES('{"title":"Bytes","description":"Bytes in one period","type":"integer","minimum":1}',12,5,'rate_bytes','2026-11-30 07:34:23.534864','2026-11-30 07:34:23.534864');
INSERT INTO "image_metadef_properties" VALUES('{"title":"Period","description":"Length of a period in milliseconds","type":"integer","minimum":1}',13,5,'rate_period','2026-11-30 07:34:23.534864','2026-11-30 07:34:23.534865');
INSERT INTO "image_metadef_properties" VALUES('{"title":"CPU shares","description":"Weight against other guests","type":"integer","minimum":1}',14,6,'cpu_shares','2026-11-30 07:34:23.535883','2026-11-30 07:34:23.535884');
INSERT INTO "image_metadef_properties" VALUES('{"title":"CPU period","description":"Microseconds in which the quota is counted","type":"integer","minimum":1000}',15,6,'cpu_period','2026-11-30 07:34:23.535884','2026-11-30 07:34:23.535885');
INSERT INTO "image_metadef_properties" VALUES('{"title":"CPU quota","description":"Microseconds of processor in a period","type":"integer","minimum":-1}',16,6,'cpu_quota','2026-11-30 07:34:23.535885','2026-11-30 07:34:23.535885');
INSERT INTO "image_metadef_properties" VALUES('{"title":"read bytes","description":"bytes a second, disk read","type":"integer","minimum":0}',17,6,'disk_read_bytes_sec','2026-11-30 07:34:23.535886','2026-11-30 07:34:23.535886');
INSERT INTO "image_metadef_properties" VALUES('{"title":"read iops","description":"iops a second, disk read","type":"integer","minimum":0}',18,6,'disk_read_iops_sec','2026-11-30 07:34:23.535887','2026-11-30 07:34:23.535887');
INSERT INTO "image_metadef_properties" VALUES('{"title":"write bytes","description":"bytes a second, disk write","type":"integer","minimum":0}',19,6,'disk_write_bytes_sec','2026-11-30 07:34:23.535887','2026-11-30 07:34:23.535887');
INSERT INTO "image_metadef_properties" VALUES('{"title":"write iops","description":"iops a second, disk write","type":"integer","minimum":0}',20,6,'disk_write_iops_sec','2026-11-30 07:34:23.535888','2026-11-30 07:34:23.535888');
INSERT INTO "image_metadef_properties" VALUES('{"title":"total bytes","description":"bytes a second, disk total","type":"integer","minimum":0}',21,6,'disk_total_bytes_sec','2026-11-30 07:34:23.535888','2026-11-30 07:34:23.535889');
INSERT INTO "image_metadef_properties" VALUES('{"title":"total iops","description":"iops a second, disk total","type":"integer","minimum":0}',22,6,'disk_total_iops_sec','2026-11-30 07:34:23.535889','2026-11-30 07:34:23.535889');
INSERT INTO "image_metadef_properties" VALUES('{"title":"inbound average","description":"Network, inbound, average","type":"integer","minimum":0}',23,6,'vif_inbound_average','2026-11-30 07:34:23.535890','2026-11-30 07:34:23.535890');
INSERT INTO "image_metadef_properties" VALUES('{"title":"inbound burst","description":"Network, inbound, burst","type":"integer","minimum":0}',24,6,'vif_inbound_burst','2026-11-30 07:34:23.535890','2026-11-30 07:34:23.535890');
INSERT INTO "image_metadef_properties" VALUES('{"title":"inbound peak","description":"Network, inbound, peak","type":"integer","minimum":0}',25,6,'vif_inbound_peak','2026-11-30 07:34:23.535891','2026-11-30 07:34:23.535891');
INSERT INTO "image_metadef_properties" VALUES('{"title":"outbound average","description":"Network, outbound, average","type":"integer","minimum":0}',26,6,'vif_outbound_average','2026-11-30 07:34:23.535891','2026-11-30 07:34:23.535892');
INSERT INTO "image_metadef_properties" VALUES('{"title":"outbound burst","description":"Network, outbound, burst","type":"integer","minimum":0}',27,6,'vif_outbound_burst','2026-11-30 07:34:23.535892','2026-11-30 07:34:23.535892');
INSERT INTO "image_metadef_properties" VALUES('{"title":"outbound peak","description":"Network, outbound, peak","type":"integer","minimum":0}',28,6,'vif_outbound_peak','2026-11-30 07:34:23.535892','2026-11-30 07:34:23.535893');
INSERT INTO "image_metadef_properties" VALUES('{"title":"Machine type","description":"Board that is emulated, such as q35 or virt","type":"string"}',29,7,'hw_machine_type','2026-11-30 07:34:23.537040','2026-11-30 07:34:23.537041');
INSERT INTO "image_metadef_properties" VALUES('{"title":"Disk bus","description":"How disks are attached","type":"string","enum":["scsi","virtio","uml","xen","ide","usb"]}',30,7,'hw_disk_bus','2026-11-30 07:34:23.537042','2026-11-30 07:34:23.537042');
INSERT INTO "image_metadef_properties" VALUES('{"title":"Network card","description":"Model of the network cards","type":"string","enum":["e1000","e1000e","ne2k_pci","netfront","pcnet","rtl8139","virtio"]}',31,7,'hw_vif_model','2026-11-30 07:34:23.537042','2026-11-30 07:34:23.537042');
INSERT INTO "image_metadef_properties" VALUES('{"title":"Random numbers","description":"Model of the device","type":"string","enum":["virtio"]}',32,7,'hw_rng_model','2026-11-30 07:34:23.537043','2026-11-30 07:34:23.537043');
INSERT INTO "image_metadef_properties" VALUES('{"title":"Video","description":"Model of the display","type":"string","enum":["vga","cirrus","vmvga","xen","qxl","virtio"]}',33,7,'hw_video_model','2026-11-30 07:34:23.537043','2026-11-30 07:34:23.537044');
INSERT INTO "image_metadef_properties" VALUES('{"title":"Firmware","description":"What starts the guest","type":"string","enum":["bios","uefi"]}',34,7,'hw_firmware_type','2026-11-30 07:34:23.537044','2026-11-30 07:34:23.537044');
INSERT INTO "image_metadef_properties" VALUES('{"title":"Guest agent","description":"Whether it is there","type":"string","enum":["yes","no"]}',35,7,'hw_qemu_guest_agent','2026-11-30 07:34:23.537045','2026-11-30 07:34:23.537045');
INSERT INTO "image_metadef_properties" VALUES('{"title":"Quiesce","description":"Snapshots need the agent","type":"string","enum":["yes","no"]}',36,7,'os_require_quiesce','2026-11-30 07:34:23.537045','2026-11-30 07:34:23.537046');
INSERT INTO "image_metadef_properties" VALUES('{"title":"Architecture","description":"Processors it runs on, as uname -m says","type":"string"}',37,8,'architecture','2026-11-30 07:34:23.542292','2026-11-30 07:34:23.542294');
INSERT INTO "image_metadef_properties" VALUES('{"title":"Distribution","description":"Name of the operating system''s distribution","type":"string"}',38,8,'os_distro','2026-11-30 07:34:23.542294','2026-11-30 07:34:23.542295');
INSERT INTO "image_metadef_properties" VALUES('{"title":"Version","description":"Version of the operating system","type":"string"}',39,8,'os_version','2026-11-30 07:34:23.542295','2026-11-30 07:34:23.542295');
INSERT INTO "image_metadef_properties" VALUES('{"title":"Administrator","description":"User who may administer the guest","type":"string"}',40,8,'os_admin_user','2026-11-30 07:34:23.542295','2026-11-30 07:34:23.542296');
INSERT INTO "image_metadef_properties" VALUES('{"title":"Kernel","description":"Id of the image that is its kernel","type":"string"}',41,8,'kernel_id','2026-11-30 07:34:23.542296','2026-11-30 07:34:23.542296');
INSERT INTO "image_metadef_properties" VALUES('{"title":"RAM disk","description":"Id of the image that is its RAM disk","type":"string"}',42,8,'ramdisk_id','2026-11-30 07:34:23.542297','2026-11-30 07:34:23.542297');
INSERT INTO "image_metadef_properties" VALUES('{"title":"Server","description":"Id of the server the image was made of","type":"string"}',43,8,'instance_uuid','2026-11-30 07:34:23.542297','2026-11-30 07:34:23.542298');
INSERT INTO "image_metadef_properties" VALUES('{"title":"Config drive","description":"Mandatory: every server gets a config drive","type":"string","enum":["mandatory","optional"]}',44,9,'img_config_drive','2026-11-30 07:34:23.543210','2026-11-30 07:34:23.543211');
CREATE TABLE image_metadef_resource_type_associations (
	prefix VARCHAR(80), 
	properties_target VARCHAR(80), 
	id INTEGER NOT NULL, 
	namespace_id INTEGER NOT NULL, 
	name VARCHAR(80) NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	CONSTRAINT pk_image_metadef_resource_type_associations PRIMARY KEY (id), 
	CONSTRAINT fk_image_metadef_resource_type_associations_namespace_id_image_metadef_namespaces FOREIGN KEY(namespace_id) REFERENCES image_metadef_namespaces (id) ON DELETE CASCADE, 
	CONSTRAINT uq_image_metadef_resource_type_associations_namespace_id_name UNIQUE (namespace_id, name)
);
INSERT INTO "image_metadef_resource_type_associations" VALUES('hw_',NULL,1,1,'OS::Glance::Image','2026-11-30 07:34:23.526023','2026-11-30 07:34:23.526026');
INSERT INTO "image_metadef_resource_type_associations" VALUES('hw_','image',2,1,'OS::Cinder::Volume','2026-11-30 07:34:23.526026','2026-11-30 07:34:23.526027');
INSERT INTO "image_metadef_resource_type_associations" VALUES('hw:',NULL,3,1,'OS::Nova::Flavor','2026-11-30 07:34:23.526027','2026-11-30 07:34:23.526027');
INSERT INTO "image_metadef_resource_type_associations" VALUES('hw_',NULL,4,2,'OS::Glance::Image','2026-11-30 07:34:23.529675','2026-11-30 07:34:23.529676');
INSERT INTO "image_metadef_resource_type_associations" VALUES('hw_','image',5,2,'OS::Cinder::Volume','2026-11-30 07:34:23.529677','2026-11-30 07:34:23.529677');
INSERT INTO "image_metadef_resource_type_associations" VALUES('hw:',NULL,6,2,'OS::Nova::Flavor','2026-11-30 07:34:23.529677','2026-11-30 07:34:23.529678');
INSERT INTO "image_metadef_resource_type_associations" VALUES('hw_',NULL,7,3,'OS::Glance::Image','2026-11-30 07:34:23.530828','2026-11-30 07:34:23.530829');
INSERT INTO "image_metadef_resource_type_associations" VALUES('hw_','image',8,3,'OS::Cinder::Volume','2026-11-30 07:34:23.530830','2026-11-30 07:34:23.530830');
INSERT INTO "image_metadef_resource_type_associations" VALUES('hw:',NULL,9,3,'OS::Nova::Flavor','2026-11-30 07:34:23.530830','2026-11-30 07:34:23.530831');
INSERT INTO "image_metadef_resource_type_associations" VALUES('hw_',NULL,10,4,'OS::Glance::Image','2026-11-30 07:34:23.533509','2026-11-30 07:34:23.533512');
INSERT INTO "image_metadef_resource_type_associations" VALUES('hw_','image',11,4,'OS::Cinder::Volume','2026-11-30 07:34:23.533512','2026-11-30 07:34:23.533512');
INSERT INTO "image_metadef_resource_type_associations" VALUES('hw:',NULL,12,4,'OS::Nova::Flavor','2026-11-30 07:34:23.533513','2026-11-30 07:34:23.533513');
INSERT INTO "image_metadef_resource_type_associations" VALUES('hw_rng:',NULL,13,5,'OS::Nova::Flavor','2026-11-30 07:34:23.534677','2026-11-30 07:34:23.534678');
INSERT INTO "image_metadef_resource_type_associations" VALUES('quota:',NULL,14,6,'OS::Nova::Flavor','2026-11-30 07:34:23.535695','2026-11-30 07:34:23.535696');
INSERT INTO "image_metadef_resource_type_associations" VALUES(NULL,NULL,15,7,'OS::Glance::Image','2026-11-30 07:34:23.536839','2026-11-30 07:34:23.536840');
INSERT INTO "image_metadef_resource_type_associations" VALUES(NULL,'image',16,7,'OS::Cinder::Volume','2026-11-30 07:34:23.536840','2026-11-30 07:34:23.536841');
INSERT INTO "image_metadef_resource_type_associations" VALUES(NULL,NULL,17,8,'OS::Glance::Image','2026-11-30 07:34:23.541925','2026-11-30 07:34:23.541928');
INSERT INTO "image_metadef_resource_type_associations" VALUES(NULL,'image',18,8,'OS::Cinder::Volume','2026-11-30 07:34:23.541929','2026-11-30 07:34:23.541929');
INSERT INTO "image_metadef_resource_type_associations" VALUES(NULL,NULL,19,9,'OS::Glance::Image','2026-11-30 07:34:23.543079','2026-11-30 07:34:23.543080');
INSERT INTO "image_metadef_resource_type_associations" VALUES(NULL,'image',20,9,'OS::Cinder::Volume','2026-11-30 07:34:23.543081','2026-11-30 07:34:23.543081');
INSERT INTO "image_metadef_resource_type_associations" VALUES(NULL,NULL,21,10,'OS::Glance::Image','2026-11-30 07:34:23.543858','2026-11-30 07:34:23.543859');
INSERT INTO "image_metadef_resource_type_associations" VALUES(NULL,'image',22,10,'OS::Cinder::Volume','2026-11-30 07:34:23.543860','2026-11-30 07:34:23.543860');
INSERT INTO "image_metadef_resource_type_associations" VALUES(NULL,'metadata',23,10,'OS::Nova::Server','2026-11-30 07:34:23.543860','2026-11-30 07:34:23.543861');
INSERT INTO "image_metadef_resource_type_associations" VALUES(NULL,NULL,24,11,'OS::Glance::Image','2026-11-30 07:34:23.545538','2026-11-30 07:34:23.545539');
INSERT INTO "image_metadef_resource_type_associations" VALUES(NULL,'image',25,11,'OS::Cinder::Volume','2026-11-30 07:34:23.545540','2026-11-30 07:34:23.545540');
INSERT INTO "image_metadef_resource_type_associations" VALUES(NULL,'metadata',26,11,'OS::Nova::Server','2026-11-30 07:34:23.545540','2026-11-30 07:34:23.545541');
INSERT INTO "image_metadef_resource_type_associations" VALUES(NULL,NULL,27,12,'OS::Glance::Image','2026-11-30 07:34:23.549195','2026-11-30 07:34:23.549198');
INSERT INTO "image_metadef_resource_type_associations" VALUES(NULL,'image',28,12,'OS::Cinder::Volume','2026-11-30 07:34:23.549198','2026-11-30 07:34:23.549198');
INSERT INTO "image_metadef_resource_type_associations" VALUES(NULL,'metadata',29,12,'OS::Nova::Server','2026-11-30 07:34:23.549199','2026-11-30 07:34:23.549199');
CREATE TABLE image_metadef_resource_types (
	name VARCHAR(80) NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	CONSTRAINT pk_image_metadef_resource_types PRIMARY KEY (name)
);
INSERT INTO "image_metadef_resource_types" VALUES('OS::Cinder::Volume','2026-11-30 07:34:23.551886','2026-11-30 07:34:23.551889');
INSERT INTO "image_metadef_resource_types" VALUES('OS::Glance::Image','2026-11-30 07:34:23.552404','2026-11-30 07:34:23.552405');
INSERT INTO "image_metadef_resource_types" VALUES('OS::Nova::Aggregate','2026-11-30 07:34:23.552791','2026-11-30 07:34:23.552793');
INSERT INTO "image_metadef_resource_types" VALUES('OS::Nova::Flavor','2026-11-30 07:34:23.553116','2026-11-30 07:34:23.553117');
INSERT INTO "image_metadef_resource_types" VALUES('OS::Nova::Server','2026-11-30 07:34:23.553399','2026-11-30 07:34:23.553401');
CREATE TABLE image_metadef_tags (
	id INTEGER NOT NULL, 
	namespace_id INTEGER NOT NULL, 
	name VARCHAR(80) NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	CONSTRAINT pk_image_metadef_tags PRIMARY KEY (id), 
	CONSTRAINT fk_image_metadef_tags_namespace_id_image_metadef_namespaces FOREIGN KEY(namespace_id) REFERENCES image_metadef_namespaces (id) ON DELETE CASCADE, 
	CONSTRAINT uq_image_metadef_tags_namespace_id_name UNIQUE (namespace_id, name)
);
CREATE TABLE image_tasks (
	id VARCHAR(36) NOT NULL, 
	type VARCHAR(30) NOT NULL, 
	status VARCHAR(30) NOT NULL, 
	owner VARCHAR(255) NOT NULL, 
	user_id VARCHAR(64), 
	image_id VARCHAR(36), 
	request_id VARCHAR(64), 
	input TEXT NOT NULL, 
	result TEXT, 
	message VARCHAR(1024) NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	expires_at DATETIME, 
	CONSTRAINT pk_image_tasks PRIMARY KEY (id)
);
CREATE TABLE kernel_agents (
	host VARCHAR(255) NOT NULL, 
	version VARCHAR(64) NOT NULL, 
	views TEXT NOT NULL, 
	started_at DATETIME NOT NULL, 
	last_seen_at DATETIME NOT NULL, 
	CONSTRAINT pk_kernel_agents PRIMARY KEY (host)
);
INSERT INTO "kernel_agents" VALUES('vm','0.1.0','["network","guests","guest-requests"]','2026-11-30 07:34:24.269076','2026-11-30 07:34:24.278454');
CREATE TABLE kernel_cloud (
	id VARCHAR(36) NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_kernel_cloud PRIMARY KEY (id)
);
INSERT INTO "kernel_cloud" VALUES('d71feb09-07e6-4ee5-bd10-b85f653711f2','2026-11-30 07:34:23.041875');
CREATE TABLE kernel_leases (
	name VARCHAR(128) NOT NULL, 
	holder VARCHAR(128) NOT NULL, 
	expires_at DATETIME NOT NULL, 
	CONSTRAINT pk_kernel_leases PRIMARY KEY (name)
);
CREATE TABLE kernel_operations (
	seq INTEGER NOT NULL, 
	id VARCHAR(36) NOT NULL, 
	service VARCHAR(32) NOT NULL, 
	resource_id VARCHAR(64) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	owner VARCHAR(255), 
	params TEXT NOT NULL, 
	error TEXT, 
	request_id VARCHAR(64) NOT NULL, 
	user_id VARCHAR(64), 
	project_id VARCHAR(64), 
	created_at DATETIME NOT NULL, 
	started_at DATETIME, 
	finished_at DATETIME, 
	deadline_at DATETIME, 
	CONSTRAINT pk_kernel_operations PRIMARY KEY (seq), 
	CONSTRAINT uq_kernel_operations_id UNIQUE (id)
);
INSERT INTO "kernel_operations" VALUES(1,'a14e0ad1-f28e-4bf5-8e59-9791686d145d','compute','a8f2c7e4-313c-471e-b2c0-3457f0ddaf3d','create','done','vm','{}',NULL,'req-96c324ba-9c76-4fc0-b359-fedb9cafc7bc','aa57ee28f59b4e818694416fb0a057b4','464225a637e9404dadd2e065a88dcf99','2026-11-30 07:34:24.573018','2026-11-30 07:34:24.573018','2026-11-30 07:34:24.623128','2026-11-30 07:44:24.573018');
CREATE TABLE kernel_outbox (
	id INTEGER NOT NULL, 
	type VARCHAR(128) NOT NULL, 
	payload TEXT NOT NULL, 
	request_id VARCHAR(64) NOT NULL, 
	project_id VARCHAR(64), 
	user_id VARCHAR(64), 
	created_at DATETIME NOT NULL, 
	published_at DATETIME, 
	CONSTRAINT pk_kernel_outbox PRIMARY KEY (id)
);
CREATE TABLE kernel_quota_limits (
	service VARCHAR(64) NOT NULL, 
	project_id VARCHAR(64) NOT NULL, 
	resource VARCHAR(64) NOT NULL, 
	hard_limit INTEGER NOT NULL, 
	CONSTRAINT pk_kernel_quota_limits PRIMARY KEY (service, project_id, resource)
);
CREATE TABLE kernel_servers (
	id VARCHAR(36) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	started_at DATETIME NOT NULL, 
	seen_at DATETIME NOT NULL, 
	CONSTRAINT pk_kernel_servers PRIMARY KEY (id)
);
CREATE TABLE network_address_scopes (
	name VARCHAR(255) NOT NULL, 
	ip_version INTEGER NOT NULL, 
	shared BOOLEAN NOT NULL, 
	id VARCHAR(36) NOT NULL, 
	project_id VARCHAR(64) NOT NULL, 
	description VARCHAR(255) NOT NULL, 
	revision_number BIGINT NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_network_address_scopes PRIMARY KEY (id)
);
INSERT INTO "network_address_scopes" VALUES('s',4,0,'ca0b5019-22b3-466f-b4c2-01514e283382','464225a637e9404dadd2e065a88dcf99','',0,'2026-11-30 07:34:24.005124',NULL);
CREATE TABLE network_agent_notes (
	id VARCHAR(36) NOT NULL, 
	admin_state_up BOOLEAN NOT NULL, 
	description VARCHAR(255), 
	deleted_at DATETIME, 
	CONSTRAINT pk_network_agent_notes PRIMARY KEY (id)
);
CREATE TABLE network_default_security_groups (
	project_id VARCHAR(64) NOT NULL, 
	security_group_id VARCHAR(36) NOT NULL, 
	CONSTRAINT pk_network_default_security_groups PRIMARY KEY (project_id), 
	CONSTRAINT fk_network_default_security_groups_security_group_id_network_security_groups FOREIGN KEY(security_group_id) REFERENCES network_security_groups (id) ON DELETE CASCADE
);
INSERT INTO "network_default_security_groups" VALUES('845e5df0e23846dca2faa864082c4016','5ffe56d1-17f0-4d54-ad47-7d17f444fe55');
INSERT INTO "network_default_security_groups" VALUES('464225a637e9404dadd2e065a88dcf99','8e7ac932-4fe8-4b85-bf08-51da8387e84f');
CREATE TABLE network_fixed_ips (
	subnet_id VARCHAR(36) NOT NULL, 
	ip_address VARCHAR(64) NOT NULL, 
	port_id VARCHAR(36) NOT NULL, 
	network_id VARCHAR(36) NOT NULL, 
	"offset" BIGINT, 
	position INTEGER NOT NULL, 
	CONSTRAINT pk_network_fixed_ips PRIMARY KEY (subnet_id, ip_address), 
	CONSTRAINT fk_network_fixed_ips_port_id_network_ports FOREIGN KEY(port_id) REFERENCES network_ports (id) ON DELETE CASCADE, 
	CONSTRAINT fk_network_fixed_ips_subnet_id_network_subnets FOREIGN KEY(subnet_id) REFERENCES network_subnets (id)
);
INSERT INTO "network_fixed_ips" VALUES('3f4df5e3-77f6-426b-b81b-621d8fb2cef8','10.0.0.2','5f686279-a999-4e8e-9af8-2d7382fd22d7','9e27d6e9-eb30-4510-b2da-5423f4b22ea1',2,0);
INSERT INTO "network_fixed_ips" VALUES('3c764355-87ef-405a-8cfa-59eb98b9da91','172.24.4.2','989d0976-c124-47fc-b758-486597bcf84b','79934aa7-6720-468e-b016-46045997b731',2,0);
INSERT INTO "network_fixed_ips" VALUES('3f4df5e3-77f6-426b-b81b-621d8fb2cef8','10.0.0.1','d25370e8-187b-4b2a-8a89-b46f616dc652','9e27d6e9-eb30-4510-b2da-5423f4b22ea1',1,0);
INSERT INTO "network_fixed_ips" VALUES('8c6cb8d8-9264-4fe6-9648-e0e88b9b61c7','10.9.0.2','e26568e4-bb63-4f0f-817d-8d96a69d2603','57a2532d-71b3-4f90-bc73-104659461b94',2,0);
INSERT INTO "network_fixed_ips" VALUES('8c6cb8d8-9264-4fe6-9648-e0e88b9b61c7','10.9.0.3','73011b60-ced1-4dbd-96fc-fbdfb97efaab','57a2532d-71b3-4f90-bc73-104659461b94',3,0);
INSERT INTO "network_fixed_ips" VALUES('3c764355-87ef-405a-8cfa-59eb98b9da91','172.24.4.3','dbb6ea60-c5f4-4eac-8363-35e99a1c7476','79934aa7-6720-468e-b016-46045997b731',3,0);
INSERT INTO "network_fixed_ips" VALUES('8c6cb8d8-9264-4fe6-9648-e0e88b9b61c7','10.9.0.1','e78ea57d-080c-4215-be62-e7a4923ec3c2','57a2532d-71b3-4f90-bc73-104659461b94',1,0);
INSERT INTO "network_fixed_ips" VALUES('3c764355-87ef-405a-8cfa-59eb98b9da91','172.24.4.4','e9abc829-7b3f-49dd-9469-04a2727e99fd','79934aa7-6720-468e-b016-46045997b731',4,0);
INSERT INTO "network_fixed_ips" VALUES('8c6cb8d8-9264-4fe6-9648-e0e88b9b61c7','10.9.0.4','74a1c292-3470-4791-a840-dd31e748c3ff','57a2532d-71b3-4f90-bc73-104659461b94',4,0);
CREATE TABLE network_floatingips (
	floating_network_id VARCHAR(36) NOT NULL, 
	floating_ip_address VARCHAR(64) NOT NULL, 
	floating_port_id VARCHAR(36) NOT NULL, 
	port_id VARCHAR(36), 
	fixed_ip_address VARCHAR(64), 
	router_id VARCHAR(36), 
	status VARCHAR(16) NOT NULL, 
	id VARCHAR(36) NOT NULL, 
	project_id VARCHAR(64) NOT NULL, 
	description VARCHAR(255) NOT NULL, 
	revision_number BIGINT NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_network_floatingips PRIMARY KEY (id), 
	CONSTRAINT fk_network_floatingips_floating_network_id_network_networks FOREIGN KEY(floating_network_id) REFERENCES network_networks (id), 
	CONSTRAINT uq_network_floatingips_floating_network_id_floating_ip_address UNIQUE (floating_network_id, floating_ip_address), 
	CONSTRAINT uq_network_floatingips_port_id_fixed_ip_address_floating_network_id UNIQUE (port_id, fixed_ip_address, floating_network_id)
);
INSERT INTO "network_floatingips" VALUES('79934aa7-6720-468e-b016-46045997b731','172.24.4.4','e9abc829-7b3f-49dd-9469-04a2727e99fd','73011b60-ced1-4dbd-96fc-fbdfb97efaab','10.9.0.3','773ef9d6-d121-4949-a9ba-ce603a00376f','ACTIVE','dee5c2a8-2f22-4c0c-bb84-701ca7afcdb6','464225a637e9404dadd2e065a88dcf99','',1,'2026-11-30 07:34:23.947524','2026-11-30 07:34:24.342245');
CREATE TABLE network_networks (
	name VARCHAR(255) NOT NULL, 
	admin_state_up BOOLEAN NOT NULL, 
	shared BOOLEAN NOT NULL, 
	external BOOLEAN NOT NULL, 
	is_default BOOLEAN NOT NULL, 
	mtu INTEGER NOT NULL, 
	port_security_enabled BOOLEAN NOT NULL, 
	network_type VARCHAR(16) NOT NULL, 
	physical_network VARCHAR(64) NOT NULL, 
	segmentation_id INTEGER, 
	id VARCHAR(36) NOT NULL, 
	project_id VARCHAR(64) NOT NULL, 
	description VARCHAR(255) NOT NULL, 
	revision_number BIGINT NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_network_networks PRIMARY KEY (id), 
	CONSTRAINT uq_network_networks_network_type_physical_network_segmentation_id UNIQUE (network_type, physical_network, segmentation_id)
);
INSERT INTO "network_networks" VALUES('public',1,0,1,1,1500,1,'flat','physnet1',NULL,'79934aa7-6720-468e-b016-46045997b731','845e5df0e23846dca2faa864082c4016','',2,'2026-11-30 07:34:23.586929','2026-11-30 07:34:23.599455');
INSERT INTO "network_networks" VALUES('private',1,0,0,0,1450,1,'vxlan','',5000,'9e27d6e9-eb30-4510-b2da-5423f4b22ea1','464225a637e9404dadd2e065a88dcf99','',2,'2026-11-30 07:34:23.636996','2026-11-30 07:34:23.642679');
INSERT INTO "network_networks" VALUES('estate',1,0,0,0,1450,1,'vxlan','',5001,'57a2532d-71b3-4f90-bc73-104659461b94','464225a637e9404dadd2e065a88dcf99','',3,'2026-11-30 07:34:23.874798','2026-11-30 07:34:24.028971');
CREATE TABLE network_port_security_groups (
	port_id VARCHAR(36) NOT NULL, 
	security_group_id VARCHAR(36) NOT NULL, 
	CONSTRAINT pk_network_port_security_groups PRIMARY KEY (port_id, security_group_id), 
	CONSTRAINT fk_network_port_security_groups_port_id_network_ports FOREIGN KEY(port_id) REFERENCES network_ports (id) ON DELETE CASCADE, 
	CONSTRAINT fk_network_port_security_groups_security_group_id_network_security_groups FOREIGN KEY(security_group_id) REFERENCES network_security_groups (id)
);
INSERT INTO "network_port_security_groups" VALUES('73011b60-ced1-4dbd-96fc-fbdfb97efaab','8e7ac932-4fe8-4b85-bf08-51da8387e84f');
INSERT INTO "network_port_security_groups" VALUES('74a1c292-3470-4791-a840-dd31e748c3ff','8e7ac932-4fe8-4b85-bf08-51da8387e84f');
CREATE TABLE network_ports (
	network_id VARCHAR(36) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	mac_address VARCHAR(17) NOT NULL, 
	admin_state_up BOOLEAN NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	device_id VARCHAR(255) NOT NULL, 
	device_owner VARCHAR(255) NOT NULL, 
	port_security_enabled BOOLEAN NOT NULL, 
	binding_host VARCHAR(255) NOT NULL, 
	vnic_type VARCHAR(32) NOT NULL, 
	binding_profile TEXT NOT NULL, 
	allowed_address_pairs TEXT NOT NULL, 
	extra_dhcp_opts TEXT NOT NULL, 
	hostname VARCHAR(255) NOT NULL, 
	made_by_server BOOLEAN NOT NULL, 
	id VARCHAR(36) NOT NULL, 
	project_id VARCHAR(64) NOT NULL, 
	description VARCHAR(255) NOT NULL, 
	revision_number BIGINT NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, holder VARCHAR(16) DEFAULT '' NOT NULL, holder_id VARCHAR(36) DEFAULT '' NOT NULL, 
	CONSTRAINT pk_network_ports PRIMARY KEY (id), 
	CONSTRAINT fk_network_ports_network_id_network_networks FOREIGN KEY(network_id) REFERENCES network_networks (id), 
	CONSTRAINT uq_network_ports_network_id_mac_address UNIQUE (network_id, mac_address)
);
INSERT INTO "network_ports" VALUES('9e27d6e9-eb30-4510-b2da-5423f4b22ea1','','fa:16:3e:51:31:60',1,'ACTIVE','reserved_dhcp_port','network:dhcp',0,'','normal','{}','[]','[]','',0,'5f686279-a999-4e8e-9af8-2d7382fd22d7','464225a637e9404dadd2e065a88dcf99','',1,'2026-11-30 07:34:23.650644','2026-11-30 07:34:24.340040','dhcp','9e27d6e9-eb30-4510-b2da-5423f4b22ea1');
INSERT INTO "network_ports" VALUES('79934aa7-6720-468e-b016-46045997b731','','fa:16:3e:de:ab:75',1,'ACTIVE','0cd576d9-7ec4-4c81-967e-44b413469a07','network:router_gateway',0,'','normal','{}','[]','[]','',0,'989d0976-c124-47fc-b758-486597bcf84b','','',1,'2026-11-30 07:34:23.665329','2026-11-30 07:34:24.340040','gateway','0cd576d9-7ec4-4c81-967e-44b413469a07');
INSERT INTO "network_ports" VALUES('9e27d6e9-eb30-4510-b2da-5423f4b22ea1','','fa:16:3e:92:3e:8f',1,'ACTIVE','0cd576d9-7ec4-4c81-967e-44b413469a07','network:router_interface',0,'','normal','{}','[]','[]','',0,'d25370e8-187b-4b2a-8a89-b46f616dc652','464225a637e9404dadd2e065a88dcf99','',1,'2026-11-30 07:34:23.679663','2026-11-30 07:34:24.340040','interface','0cd576d9-7ec4-4c81-967e-44b413469a07');
INSERT INTO "network_ports" VALUES('57a2532d-71b3-4f90-bc73-104659461b94','','fa:16:3e:72:78:05',1,'ACTIVE','reserved_dhcp_port','network:dhcp',0,'','normal','{}','[]','[]','',0,'e26568e4-bb63-4f0f-817d-8d96a69d2603','464225a637e9404dadd2e065a88dcf99','',1,'2026-11-30 07:34:23.893136','2026-11-30 07:34:24.340040','dhcp','57a2532d-71b3-4f90-bc73-104659461b94');
INSERT INTO "network_ports" VALUES('57a2532d-71b3-4f90-bc73-104659461b94','','fa:16:3e:94:9c:a7',1,'DOWN','','',1,'','normal','{}','[]','[]','',0,'73011b60-ced1-4dbd-96fc-fbdfb97efaab','464225a637e9404dadd2e065a88dcf99','',2,'2026-11-30 07:34:23.903084','2026-11-30 07:34:24.041530','','');
INSERT INTO "network_ports" VALUES('79934aa7-6720-468e-b016-46045997b731','','fa:16:3e:03:cd:86',1,'ACTIVE','773ef9d6-d121-4949-a9ba-ce603a00376f','network:router_gateway',0,'','normal','{}','[]','[]','',0,'dbb6ea60-c5f4-4eac-8363-35e99a1c7476','','',1,'2026-11-30 07:34:23.928661','2026-11-30 07:34:24.340040','gateway','773ef9d6-d121-4949-a9ba-ce603a00376f');
INSERT INTO "network_ports" VALUES('57a2532d-71b3-4f90-bc73-104659461b94','','fa:16:3e:3e:c4:fd',1,'ACTIVE','773ef9d6-d121-4949-a9ba-ce603a00376f','network:router_interface',0,'','normal','{}','[]','[]','',0,'e78ea57d-080c-4215-be62-e7a4923ec3c2','464225a637e9404dadd2e065a88dcf99','',1,'2026-11-30 07:34:23.940057','2026-11-30 07:34:24.340040','interface','773ef9d6-d121-4949-a9ba-ce603a00376f');
INSERT INTO "network_ports" VALUES('79934aa7-6720-468e-b016-46045997b731','','fa:16:3e:ec:fd:1a',1,'DOWN','dee5c2a8-2f22-4c0c-bb84-701ca7afcdb6','network:floatingip',0,'','normal','{}','[]','[]','',0,'e9abc829-7b3f-49dd-9469-04a2727e99fd','','',1,'2026-11-30 07:34:23.946318',NULL,'floatingip','dee5c2a8-2f22-4c0c-bb84-701ca7afcdb6');
INSERT INTO "network_ports" VALUES('57a2532d-71b3-4f90-bc73-104659461b94','','fa:16:3e:f7:5b:7d',1,'ACTIVE','a8f2c7e4-313c-471e-b2c0-3457f0ddaf3d','compute:nova',1,'vm','normal','{}','[]','[]','estate',1,'74a1c292-3470-4791-a840-dd31e748c3ff','464225a637e9404dadd2e065a88dcf99','',1,'2026-11-30 07:34:24.564884','2026-11-30 07:34:24.612704','server','a8f2c7e4-313c-471e-b2c0-3457f0ddaf3d');
CREATE TABLE network_rbac_policies (
	object_type VARCHAR(32) NOT NULL, 
	object_id VARCHAR(36) NOT NULL, 
	action VARCHAR(32) NOT NULL, 
	target_project VARCHAR(64) NOT NULL, 
	id VARCHAR(36) NOT NULL, 
	project_id VARCHAR(64) NOT NULL, 
	description VARCHAR(255) NOT NULL, 
	revision_number BIGINT NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_network_rbac_policies PRIMARY KEY (id), 
	CONSTRAINT uq_network_rbac_policies_object_id_action_target_project UNIQUE (object_id, action, target_project)
);
INSERT INTO "network_rbac_policies" VALUES('network','79934aa7-6720-468e-b016-46045997b731','access_as_external','*','4e8a904c-559c-476d-9090-27fe522cc0e9','845e5df0e23846dca2faa864082c4016','',0,'2026-11-30 07:34:23.594041',NULL);
INSERT INTO "network_rbac_policies" VALUES('network','57a2532d-71b3-4f90-bc73-104659461b94','access_as_shared','00000000000000000000000000000000','c60a2fc2-8c8a-498b-9cab-def4e242c9c8','464225a637e9404dadd2e065a88dcf99','',0,'2026-11-30 07:34:24.016727',NULL);
CREATE TABLE network_routers (
	name VARCHAR(255) NOT NULL, 
	admin_state_up BOOLEAN NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	gateway_network_id VARCHAR(36), 
	gateway_port_id VARCHAR(36), 
	enable_snat BOOLEAN NOT NULL, 
	routes TEXT NOT NULL, 
	id VARCHAR(36) NOT NULL, 
	project_id VARCHAR(64) NOT NULL, 
	description VARCHAR(255) NOT NULL, 
	revision_number BIGINT NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_network_routers PRIMARY KEY (id)
);
INSERT INTO "network_routers" VALUES('router1',1,'ACTIVE','79934aa7-6720-468e-b016-46045997b731','989d0976-c124-47fc-b758-486597bcf84b',1,'[]','0cd576d9-7ec4-4c81-967e-44b413469a07','464225a637e9404dadd2e065a88dcf99','',2,'2026-11-30 07:34:23.659095','2026-11-30 07:34:23.680333');
INSERT INTO "network_routers" VALUES('',1,'ACTIVE','79934aa7-6720-468e-b016-46045997b731','dbb6ea60-c5f4-4eac-8363-35e99a1c7476',1,'[]','773ef9d6-d121-4949-a9ba-ce603a00376f','464225a637e9404dadd2e065a88dcf99','',3,'2026-11-30 07:34:23.925153','2026-11-30 07:34:24.051390');
CREATE TABLE network_security_group_rules (
	security_group_id VARCHAR(36) NOT NULL, 
	direction VARCHAR(8) NOT NULL, 
	ethertype VARCHAR(8) NOT NULL, 
	protocol VARCHAR(40), 
	port_range_min INTEGER, 
	port_range_max INTEGER, 
	remote_ip_prefix VARCHAR(64), 
	remote_group_id VARCHAR(36), 
	id VARCHAR(36) NOT NULL, 
	project_id VARCHAR(64) NOT NULL, 
	description VARCHAR(255) NOT NULL, 
	revision_number BIGINT NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_network_security_group_rules PRIMARY KEY (id), 
	CONSTRAINT fk_network_security_group_rules_remote_group_id_network_security_groups FOREIGN KEY(remote_group_id) REFERENCES network_security_groups (id) ON DELETE CASCADE, 
	CONSTRAINT fk_network_security_group_rules_security_group_id_network_security_groups FOREIGN KEY(security_group_id) REFERENCES network_security_groups (id) ON DELETE CASCADE
);
INSERT INTO "network_security_group_rules" VALUES('5ffe56d1-17f0-4d54-ad47-7d17f444fe55','egress','IPv4',NULL,NULL,NULL,NULL,NULL,'81e05254-520a-4352-a1d4-7e27300baa82','845e5df0e23846dca2faa864082c4016','',0,'2026-11-30 07:34:23.611301',NULL);
INSERT INTO "network_security_group_rules" VALUES('5ffe56d1-17f0-4d54-ad47-7d17f444fe55','ingress','IPv4',NULL,NULL,NULL,NULL,'5ffe56d1-17f0-4d54-ad47-7d17f444fe55','ca16b0db-95eb-46aa-9c58-2f2969cc9a72','845e5df0e23846dca2faa864082c4016','',0,'2026-11-30 07:34:23.611307',NULL);
INSERT INTO "network_security_group_rules" VALUES('5ffe56d1-17f0-4d54-ad47-7d17f444fe55','egress','IPv6',NULL,NULL,NULL,NULL,NULL,'06b12d34-65b0-4f04-a956-f17dabcef8d6','845e5df0e23846dca2faa864082c4016','',0,'2026-11-30 07:34:23.611311',NULL);
INSERT INTO "network_security_group_rules" VALUES('5ffe56d1-17f0-4d54-ad47-7d17f444fe55','ingress','IPv6',NULL,NULL,NULL,NULL,'5ffe56d1-17f0-4d54-ad47-7d17f444fe55','7c161be1-a752-4d6a-9d92-a7ee6ad8007b','845e5df0e23846dca2faa864082c4016','',0,'2026-11-30 07:34:23.611313',NULL);
INSERT INTO "network_security_group_rules" VALUES('5ffe56d1-17f0-4d54-ad47-7d17f444fe55','ingress','IPv4','icmp',NULL,NULL,NULL,NULL,'d88f90f4-5c5d-4fb6-81f1-df4173e05f88','845e5df0e23846dca2faa864082c4016','',0,'2026-11-30 07:34:23.623034',NULL);
INSERT INTO "network_security_group_rules" VALUES('5ffe56d1-17f0-4d54-ad47-7d17f444fe55','ingress','IPv4','tcp',22,22,NULL,NULL,'74d20311-cd1f-4cf2-ae57-929bb62e641b','845e5df0e23846dca2faa864082c4016','',0,'2026-11-30 07:34:23.624489',NULL);
INSERT INTO "network_security_group_rules" VALUES('8e7ac932-4fe8-4b85-bf08-51da8387e84f','egress','IPv4',NULL,NULL,NULL,NULL,NULL,'20f0acd3-21c5-4107-8973-dc97f7e83875','464225a637e9404dadd2e065a88dcf99','',0,'2026-11-30 07:34:23.625391',NULL);
INSERT INTO "network_security_group_rules" VALUES('8e7ac932-4fe8-4b85-bf08-51da8387e84f','ingress','IPv4',NULL,NULL,NULL,NULL,'8e7ac932-4fe8-4b85-bf08-51da8387e84f','1b212f1f-4a5c-42dc-9220-8d0f112f361b','464225a637e9404dadd2e065a88dcf99','',0,'2026-11-30 07:34:23.625396',NULL);
INSERT INTO "network_security_group_rules" VALUES('8e7ac932-4fe8-4b85-bf08-51da8387e84f','egress','IPv6',NULL,NULL,NULL,NULL,NULL,'78395879-73b2-41eb-b2f0-c11d71b70e47','464225a637e9404dadd2e065a88dcf99','',0,'2026-11-30 07:34:23.625398',NULL);
INSERT INTO "network_security_group_rules" VALUES('8e7ac932-4fe8-4b85-bf08-51da8387e84f','ingress','IPv6',NULL,NULL,NULL,NULL,'8e7ac932-4fe8-4b85-bf08-51da8387e84f','f2361e8f-6bb6-4935-8df7-c37478640b03','464225a637e9404dadd2e065a88dcf99','',0,'2026-11-30 07:34:23.625401',NULL);
INSERT INTO "network_security_group_rules" VALUES('8e7ac932-4fe8-4b85-bf08-51da8387e84f','ingress','IPv4','icmp',NULL,NULL,NULL,NULL,'d1cff307-198a-44ae-8ccd-66fd9294aa96','464225a637e9404dadd2e065a88dcf99','',0,'2026-11-30 07:34:23.631488',NULL);
INSERT INTO "network_security_group_rules" VALUES('8e7ac932-4fe8-4b85-bf08-51da8387e84f','ingress','IPv4','tcp',22,22,NULL,NULL,'ae8a8a88-a7fe-4282-ab45-32016c410ee2','464225a637e9404dadd2e065a88dcf99','',0,'2026-11-30 07:34:23.635152',NULL);
INSERT INTO "network_security_group_rules" VALUES('567a066a-c555-4a4f-9885-e0d46dfbf213','egress','IPv4',NULL,NULL,NULL,NULL,NULL,'8096e180-d02a-4371-ac86-52b2abd1b7a9','464225a637e9404dadd2e065a88dcf99','',0,'2026-11-30 07:34:23.963369',NULL);
INSERT INTO "network_security_group_rules" VALUES('567a066a-c555-4a4f-9885-e0d46dfbf213','egress','IPv6',NULL,NULL,NULL,NULL,NULL,'05739099-cb96-422c-87e7-c6ebfea194ff','464225a637e9404dadd2e065a88dcf99','',0,'2026-11-30 07:34:23.963379',NULL);
INSERT INTO "network_security_group_rules" VALUES('567a066a-c555-4a4f-9885-e0d46dfbf213','ingress','IPv4',NULL,NULL,NULL,NULL,NULL,'c64a81f0-2884-44fb-a69a-610391befd82','464225a637e9404dadd2e065a88dcf99','',0,'2026-11-30 07:34:23.969619',NULL);
CREATE TABLE network_security_groups (
	name VARCHAR(255) NOT NULL, 
	stateful BOOLEAN NOT NULL, 
	is_default BOOLEAN NOT NULL, 
	id VARCHAR(36) NOT NULL, 
	project_id VARCHAR(64) NOT NULL, 
	description VARCHAR(255) NOT NULL, 
	revision_number BIGINT NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_network_security_groups PRIMARY KEY (id)
);
INSERT INTO "network_security_groups" VALUES('default',1,1,'5ffe56d1-17f0-4d54-ad47-7d17f444fe55','845e5df0e23846dca2faa864082c4016','Default security group',3,'2026-11-30 07:34:23.609809','2026-11-30 07:34:23.624335');
INSERT INTO "network_security_groups" VALUES('default',1,1,'8e7ac932-4fe8-4b85-bf08-51da8387e84f','464225a637e9404dadd2e065a88dcf99','Default security group',3,'2026-11-30 07:34:23.624982','2026-11-30 07:34:23.635014');
INSERT INTO "network_security_groups" VALUES('estate',1,0,'567a066a-c555-4a4f-9885-e0d46dfbf213','464225a637e9404dadd2e065a88dcf99','',2,'2026-11-30 07:34:23.962767','2026-11-30 07:34:23.969453');
CREATE TABLE network_subnetpools (
	name VARCHAR(255) NOT NULL, 
	ip_version INTEGER NOT NULL, 
	prefixes TEXT NOT NULL, 
	default_prefixlen INTEGER NOT NULL, 
	min_prefixlen INTEGER NOT NULL, 
	max_prefixlen INTEGER NOT NULL, 
	default_quota INTEGER, 
	address_scope_id VARCHAR(36), 
	shared BOOLEAN NOT NULL, 
	is_default BOOLEAN NOT NULL, 
	id VARCHAR(36) NOT NULL, 
	project_id VARCHAR(64) NOT NULL, 
	description VARCHAR(255) NOT NULL, 
	revision_number BIGINT NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_network_subnetpools PRIMARY KEY (id)
);
INSERT INTO "network_subnetpools" VALUES('p',4,'["10.64.0.0/16"]',8,8,32,NULL,NULL,0,0,'eccb3f4f-03db-4a51-96e4-618d8d15fa81','464225a637e9404dadd2e065a88dcf99','',0,'2026-11-30 07:34:23.978444',NULL);
CREATE TABLE network_subnets (
	network_id VARCHAR(36) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	ip_version INTEGER NOT NULL, 
	cidr VARCHAR(64) NOT NULL, 
	gateway_ip VARCHAR(64), 
	enable_dhcp BOOLEAN NOT NULL, 
	ipv6_ra_mode VARCHAR(16), 
	ipv6_address_mode VARCHAR(16), 
	subnetpool_id VARCHAR(36), 
	allocation_pools TEXT NOT NULL, 
	dns_nameservers TEXT NOT NULL, 
	host_routes TEXT NOT NULL, 
	service_types TEXT NOT NULL, 
	id VARCHAR(36) NOT NULL, 
	project_id VARCHAR(64) NOT NULL, 
	description VARCHAR(255) NOT NULL, 
	revision_number BIGINT NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_network_subnets PRIMARY KEY (id), 
	CONSTRAINT fk_network_subnets_network_id_network_networks FOREIGN KEY(network_id) REFERENCES network_networks (id)
);
INSERT INTO "network_subnets" VALUES('79934aa7-6720-468e-b016-46045997b731','public-subnet',4,'172.24.4.0/24','172.24.4.1',0,NULL,NULL,NULL,'[{"start":"172.24.4.2","end":"172.24.4.254"}]','[]','[]','[]','3c764355-87ef-405a-8cfa-59eb98b9da91','845e5df0e23846dca2faa864082c4016','',0,'2026-11-30 07:34:23.600560',NULL);
INSERT INTO "network_subnets" VALUES('9e27d6e9-eb30-4510-b2da-5423f4b22ea1','private-subnet',4,'10.0.0.0/24','10.0.0.1',1,NULL,NULL,NULL,'[{"start":"10.0.0.2","end":"10.0.0.254"}]','[]','[]','[]','3f4df5e3-77f6-426b-b81b-621d8fb2cef8','464225a637e9404dadd2e065a88dcf99','',0,'2026-11-30 07:34:23.643170',NULL);
INSERT INTO "network_subnets" VALUES('57a2532d-71b3-4f90-bc73-104659461b94','',4,'10.9.0.0/24','10.9.0.1',1,NULL,NULL,NULL,'[{"start":"10.9.0.2","end":"10.9.0.254"}]','[]','[]','[]','8c6cb8d8-9264-4fe6-9648-e0e88b9b61c7','464225a637e9404dadd2e065a88dcf99','',1,'2026-11-30 07:34:23.891036','2026-11-30 07:34:24.055386');
CREATE TABLE network_tags (
	resource_id VARCHAR(36) NOT NULL, 
	tag VARCHAR(255) NOT NULL, 
	CONSTRAINT pk_network_tags PRIMARY KEY (resource_id, tag)
);
INSERT INTO "network_tags" VALUES('57a2532d-71b3-4f90-bc73-104659461b94','one');
INSERT INTO "network_tags" VALUES('73011b60-ced1-4dbd-96fc-fbdfb97efaab','one');
INSERT INTO "network_tags" VALUES('773ef9d6-d121-4949-a9ba-ce603a00376f','one');
INSERT INTO "network_tags" VALUES('8c6cb8d8-9264-4fe6-9648-e0e88b9b61c7','one');
INSERT INTO "network_tags" VALUES('dee5c2a8-2f22-4c0c-bb84-701ca7afcdb6','one');
CREATE TABLE placement_allocations (
	consumer_uuid VARCHAR(36) NOT NULL, 
	provider_uuid VARCHAR(36) NOT NULL, 
	resource_class VARCHAR(255) NOT NULL, 
	used BIGINT NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_placement_allocations PRIMARY KEY (consumer_uuid, provider_uuid, resource_class), 
	CONSTRAINT fk_placement_allocations_consumer_uuid_placement_consumers FOREIGN KEY(consumer_uuid) REFERENCES placement_consumers (uuid) ON DELETE CASCADE, 
	CONSTRAINT fk_placement_allocations_provider_uuid_placement_resource_providers FOREIGN KEY(provider_uuid) REFERENCES placement_resource_providers (uuid)
);
INSERT INTO "placement_allocations" VALUES('a8f2c7e4-313c-471e-b2c0-3457f0ddaf3d','b81dad05-0af0-567e-8706-ba6a93e6ef71','VCPU',1,'2026-11-30 07:34:24.560899',NULL);
INSERT INTO "placement_allocations" VALUES('a8f2c7e4-313c-471e-b2c0-3457f0ddaf3d','b81dad05-0af0-567e-8706-ba6a93e6ef71','MEMORY_MB',192,'2026-11-30 07:34:24.560899',NULL);
INSERT INTO "placement_allocations" VALUES('a8f2c7e4-313c-471e-b2c0-3457f0ddaf3d','b81dad05-0af0-567e-8706-ba6a93e6ef71','DISK_GB',1,'2026-11-30 07:34:24.560899',NULL);
CREATE TABLE placement_consumers (
	uuid VARCHAR(36) NOT NULL, 
	project_id VARCHAR(255) NOT NULL, 
	user_id VARCHAR(255) NOT NULL, 
	consumer_type VARCHAR(255), 
	generation INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_placement_consumers PRIMARY KEY (uuid)
);
INSERT INTO "placement_consumers" VALUES('a8f2c7e4-313c-471e-b2c0-3457f0ddaf3d','464225a637e9404dadd2e065a88dcf99','aa57ee28f59b4e818694416fb0a057b4','INSTANCE',1,'2026-11-30 07:34:24.557005','2026-11-30 07:34:24.561884');
CREATE TABLE placement_inventories (
	provider_uuid VARCHAR(36) NOT NULL, 
	resource_class VARCHAR(255) NOT NULL, 
	total BIGINT NOT NULL, 
	reserved BIGINT NOT NULL, 
	min_unit BIGINT NOT NULL, 
	max_unit BIGINT NOT NULL, 
	step_size BIGINT NOT NULL, 
	allocation_ratio FLOAT NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_placement_inventories PRIMARY KEY (provider_uuid, resource_class), 
	CONSTRAINT fk_placement_inventories_provider_uuid_placement_resource_providers FOREIGN KEY(provider_uuid) REFERENCES placement_resource_providers (uuid) ON DELETE CASCADE
);
INSERT INTO "placement_inventories" VALUES('09d358d2-f538-4d2a-9231-63afe3690386','VCPU',4,0,1,2147483647,1,1.0,'2026-11-30 07:34:24.243917',NULL);
INSERT INTO "placement_inventories" VALUES('b81dad05-0af0-567e-8706-ba6a93e6ef71','VCPU',1000,0,1,1000,1,4.0,'2026-11-30 07:34:24.324775',NULL);
INSERT INTO "placement_inventories" VALUES('b81dad05-0af0-567e-8706-ba6a93e6ef71','MEMORY_MB',800000,512,1,800000,1,1.0,'2026-11-30 07:34:24.324778',NULL);
INSERT INTO "placement_inventories" VALUES('b81dad05-0af0-567e-8706-ba6a93e6ef71','DISK_GB',600000,0,1,600000,1,1.0,'2026-11-30 07:34:24.324778',NULL);
CREATE TABLE placement_provider_aggregates (
	provider_uuid VARCHAR(36) NOT NULL, 
	aggregate_uuid VARCHAR(36) NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_placement_provider_aggregates PRIMARY KEY (provider_uuid, aggregate_uuid), 
	CONSTRAINT fk_placement_provider_aggregates_provider_uuid_placement_resource_providers FOREIGN KEY(provider_uuid) REFERENCES placement_resource_providers (uuid) ON DELETE CASCADE
);
CREATE TABLE placement_provider_traits (
	provider_uuid VARCHAR(36) NOT NULL, 
	trait VARCHAR(255) NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_placement_provider_traits PRIMARY KEY (provider_uuid, trait), 
	CONSTRAINT fk_placement_provider_traits_provider_uuid_placement_resource_providers FOREIGN KEY(provider_uuid) REFERENCES placement_resource_providers (uuid) ON DELETE CASCADE
);
INSERT INTO "placement_provider_traits" VALUES('b81dad05-0af0-567e-8706-ba6a93e6ef71','COMPUTE_ARCH_AARCH64','2026-11-30 07:34:24.331786',NULL);
INSERT INTO "placement_provider_traits" VALUES('b81dad05-0af0-567e-8706-ba6a93e6ef71','COMPUTE_ARCH_X86_64','2026-11-30 07:34:24.331786',NULL);
INSERT INTO "placement_provider_traits" VALUES('b81dad05-0af0-567e-8706-ba6a93e6ef71','HW_ARCH_X86_64','2026-11-30 07:34:24.331786',NULL);
CREATE TABLE placement_resource_classes (
	name VARCHAR(255) NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_placement_resource_classes PRIMARY KEY (name)
);
INSERT INTO "placement_resource_classes" VALUES('CUSTOM_ESTATE','2026-11-30 07:34:24.252019',NULL);
CREATE TABLE placement_resource_providers (
	uuid VARCHAR(36) NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	generation INTEGER NOT NULL, 
	parent_uuid VARCHAR(36), 
	root_uuid VARCHAR(36) NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_placement_resource_providers PRIMARY KEY (uuid), 
	CONSTRAINT fk_placement_resource_providers_parent_uuid_placement_resource_providers FOREIGN KEY(parent_uuid) REFERENCES placement_resource_providers (uuid), 
	CONSTRAINT uq_placement_resource_providers_name UNIQUE (name)
);
INSERT INTO "placement_resource_providers" VALUES('09d358d2-f538-4d2a-9231-63afe3690386','estate',1,NULL,'09d358d2-f538-4d2a-9231-63afe3690386','2026-11-30 07:34:24.238639','2026-11-30 07:34:24.244358');
INSERT INTO "placement_resource_providers" VALUES('b81dad05-0af0-567e-8706-ba6a93e6ef71','vm',3,NULL,'b81dad05-0af0-567e-8706-ba6a93e6ef71','2026-11-30 07:34:24.323087','2026-11-30 07:34:24.558799');
CREATE TABLE placement_traits (
	name VARCHAR(255) NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	CONSTRAINT pk_placement_traits PRIMARY KEY (name)
);
INSERT INTO "placement_traits" VALUES('CUSTOM_ESTATE','2026-11-30 07:34:24.248436',NULL);
CREATE INDEX ix_compute_host_requests_host ON compute_host_requests (host);
CREATE INDEX ix_compute_server_group_members_group_id ON compute_server_group_members (group_id);
CREATE INDEX ix_compute_server_groups_project_id ON compute_server_groups (project_id);
CREATE INDEX ix_compute_server_tags_tag ON compute_server_tags (tag);
CREATE INDEX ix_compute_servers_host ON compute_servers (host, deleted_at);
CREATE INDEX ix_compute_servers_project ON compute_servers (project_id, deleted_at, created_at);
CREATE INDEX ix_compute_servers_reservation_id ON compute_servers (reservation_id);
CREATE INDEX ix_compute_servers_state ON compute_servers (deleted_at, vm_state);
CREATE INDEX ix_identity_credentials_project_id ON identity_credentials (project_id);
CREATE INDEX ix_identity_credentials_type ON identity_credentials (type);
CREATE INDEX ix_identity_credentials_user_id ON identity_credentials (user_id);
CREATE INDEX ix_identity_endpoint_groups_name ON identity_endpoint_groups (name);
CREATE INDEX ix_identity_policies_type ON identity_policies (type);
CREATE INDEX ix_identity_projects_is_domain ON identity_projects (is_domain);
CREATE INDEX ix_identity_projects_parent_id ON identity_projects (parent_id);
CREATE INDEX ix_identity_regions_parent_id ON identity_regions (parent_id);
CREATE INDEX ix_identity_revocations_revoked_at ON identity_revocations (revoked_at);
CREATE INDEX ix_identity_services_type ON identity_services (type);
CREATE INDEX ix_image_images_created_id ON image_images (created_at, id);
CREATE INDEX ix_image_images_name ON image_images (name);
CREATE INDEX ix_image_images_owner ON image_images (owner);
CREATE INDEX ix_image_images_status ON image_images (status);
CREATE INDEX ix_image_images_visibility ON image_images (visibility);
CREATE INDEX ix_image_metadef_namespaces_owner ON image_metadef_namespaces (owner);
CREATE INDEX ix_image_metadef_namespaces_visibility ON image_metadef_namespaces (visibility);
CREATE INDEX ix_image_tasks_image_id ON image_tasks (image_id);
CREATE INDEX ix_image_tasks_owner ON image_tasks (owner);
CREATE INDEX ix_image_tasks_status ON image_tasks (status);
CREATE INDEX ix_kernel_operations_open ON kernel_operations (state, deadline_at);
CREATE INDEX ix_kernel_operations_resource ON kernel_operations (service, resource_id, seq);
CREATE INDEX ix_kernel_outbox_published_at ON kernel_outbox (published_at);
CREATE INDEX ix_network_address_scopes_name ON network_address_scopes (name);
CREATE INDEX ix_network_address_scopes_project_id ON network_address_scopes (project_id);
CREATE INDEX ix_network_networks_name ON network_networks (name);
CREATE INDEX ix_network_networks_project_id ON network_networks (project_id);
CREATE INDEX ix_network_rbac_policies_object_id ON network_rbac_policies (object_id);
CREATE INDEX ix_network_rbac_policies_project_id ON network_rbac_policies (project_id);
CREATE INDEX ix_network_rbac_policies_target_project ON network_rbac_policies (target_project);
CREATE INDEX ix_network_routers_gateway_network_id ON network_routers (gateway_network_id);
CREATE INDEX ix_network_routers_name ON network_routers (name);
CREATE INDEX ix_network_routers_project_id ON network_routers (project_id);
CREATE INDEX ix_network_security_groups_name ON network_security_groups (name);
CREATE INDEX ix_network_security_groups_project_id ON network_security_groups (project_id);
CREATE INDEX ix_network_subnetpools_address_scope_id ON network_subnetpools (address_scope_id);
CREATE INDEX ix_network_subnetpools_name ON network_subnetpools (name);
CREATE INDEX ix_network_subnetpools_project_id ON network_subnetpools (project_id);
CREATE INDEX ix_network_tags_tag ON network_tags (tag);
CREATE INDEX ix_placement_consumers_project_user ON placement_consumers (project_id, user_id);
CREATE INDEX ix_placement_resource_providers_parent_uuid ON placement_resource_providers (parent_uuid);
CREATE INDEX ix_placement_resource_providers_root_uuid ON placement_resource_providers (root_uuid);
CREATE INDEX ix_identity_assignments_role_id ON identity_assignments (role_id);
CREATE INDEX ix_identity_assignments_target ON identity_assignments (target, target_id);
CREATE INDEX ix_identity_endpoints_region_id ON identity_endpoints (region_id);
CREATE INDEX ix_identity_endpoints_service_id ON identity_endpoints (service_id);
CREATE INDEX ix_identity_groups_domain_id ON identity_groups (domain_id);
CREATE INDEX ix_identity_implied_roles_implied_id ON identity_implied_roles (implied_id);
CREATE INDEX ix_identity_project_endpoint_groups_endpoint_group_id ON identity_project_endpoint_groups (endpoint_group_id);
CREATE INDEX ix_identity_project_tags_name ON identity_project_tags (name);
CREATE INDEX ix_identity_users_default_project_id ON identity_users (default_project_id);
CREATE INDEX ix_image_members_member_id ON image_members (member_id);
CREATE INDEX ix_network_floatingips_floating_ip_address ON network_floatingips (floating_ip_address);
CREATE INDEX ix_network_floatingips_floating_network_id ON network_floatingips (floating_network_id);
CREATE INDEX ix_network_floatingips_port_id ON network_floatingips (port_id);
CREATE INDEX ix_network_floatingips_project_id ON network_floatingips (project_id);
CREATE INDEX ix_network_floatingips_router_id ON network_floatingips (router_id);
CREATE INDEX ix_network_ports_device ON network_ports (device_id, device_owner);
CREATE INDEX ix_network_ports_device_owner ON network_ports (device_owner);
CREATE INDEX ix_network_ports_host ON network_ports (binding_host, network_id);
CREATE INDEX ix_network_ports_mac_address ON network_ports (mac_address);
CREATE INDEX ix_network_ports_name ON network_ports (name);
CREATE INDEX ix_network_ports_network_id ON network_ports (network_id);
CREATE INDEX ix_network_ports_project_id ON network_ports (project_id);
CREATE INDEX ix_network_security_group_rules_project_id ON network_security_group_rules (project_id);
CREATE INDEX ix_network_security_group_rules_remote_group_id ON network_security_group_rules (remote_group_id);
CREATE INDEX ix_network_security_group_rules_security_group_id ON network_security_group_rules (security_group_id);
CREATE INDEX ix_network_subnets_cidr ON network_subnets (cidr);
CREATE INDEX ix_network_subnets_name ON network_subnets (name);
CREATE INDEX ix_network_subnets_network_id ON network_subnets (network_id);
CREATE INDEX ix_network_subnets_project_id ON network_subnets (project_id);
CREATE INDEX ix_network_subnets_subnetpool_id ON network_subnets (subnetpool_id);
CREATE INDEX ix_placement_allocations_use ON placement_allocations (provider_uuid, resource_class, used);
CREATE INDEX ix_placement_inventories_resource_class ON placement_inventories (resource_class);
CREATE INDEX ix_placement_provider_aggregates_aggregate_uuid ON placement_provider_aggregates (aggregate_uuid);
CREATE INDEX ix_placement_provider_traits_trait ON placement_provider_traits (trait);
CREATE INDEX ix_identity_access_rules_user_id ON identity_access_rules (user_id);
CREATE INDEX ix_identity_application_credentials_project_id ON identity_application_credentials (project_id);
CREATE INDEX ix_identity_application_credentials_user_id ON identity_application_credentials (user_id);
CREATE INDEX ix_identity_limits_domain_id ON identity_limits (domain_id);
CREATE INDEX ix_identity_limits_project_id ON identity_limits (project_id);
CREATE INDEX ix_identity_limits_registered_limit_id ON identity_limits (registered_limit_id);
CREATE INDEX ix_identity_memberships_group_id ON identity_memberships (group_id);
CREATE INDEX ix_identity_passwords_user_id ON identity_passwords (user_id);
CREATE INDEX ix_identity_project_endpoints_endpoint_id ON identity_project_endpoints (endpoint_id);
CREATE INDEX ix_identity_trusts_project_id ON identity_trusts (project_id);
CREATE INDEX ix_identity_trusts_redelegated_trust_id ON identity_trusts (redelegated_trust_id);
CREATE INDEX ix_identity_trusts_trustee_user_id ON identity_trusts (trustee_user_id);
CREATE INDEX ix_identity_trusts_trustor_user_id ON identity_trusts (trustor_user_id);
CREATE INDEX ix_network_fixed_ips_ip_address ON network_fixed_ips (ip_address);
CREATE INDEX ix_network_fixed_ips_network_id ON network_fixed_ips (network_id);
CREATE INDEX ix_network_fixed_ips_offset ON network_fixed_ips (subnet_id, "offset");
CREATE INDEX ix_network_fixed_ips_port_id ON network_fixed_ips (port_id);
CREATE INDEX ix_network_port_security_groups_security_group_id ON network_port_security_groups (security_group_id);
CREATE INDEX ix_identity_groups_name ON identity_groups (name, id);
CREATE INDEX ix_identity_projects_name ON identity_projects (name, id);
CREATE INDEX ix_identity_users_name ON identity_users (name, id);
CREATE INDEX ix_identity_used_nonces_signed_at ON identity_used_nonces (signed_at);
CREATE INDEX ix_identity_access_tokens_authorizing_user_id ON identity_access_tokens (authorizing_user_id);
CREATE INDEX ix_identity_access_tokens_consumer_id ON identity_access_tokens (consumer_id);
CREATE INDEX ix_identity_access_tokens_project_id ON identity_access_tokens (project_id);
CREATE INDEX ix_identity_request_tokens_authorizing_user_id ON identity_request_tokens (authorizing_user_id);
CREATE INDEX ix_identity_request_tokens_consumer_id ON identity_request_tokens (consumer_id);
CREATE INDEX ix_identity_request_tokens_project_id ON identity_request_tokens (project_id);
CREATE INDEX ix_identity_policy_associations_endpoint_id ON identity_policy_associations (endpoint_id);
CREATE INDEX ix_identity_policy_associations_policy_id ON identity_policy_associations (policy_id);
CREATE INDEX ix_identity_policy_associations_region_id ON identity_policy_associations (region_id);
CREATE INDEX ix_identity_policy_associations_service_id ON identity_policy_associations (service_id);
CREATE INDEX ix_identity_users_domain ON identity_users (domain_id, id);
CREATE INDEX ix_network_ports_holder ON network_ports (holder_id, holder);
CREATE INDEX ix_identity_registered_limits_region_id ON identity_registered_limits (region_id);
CREATE INDEX ix_identity_registered_limits_resource_name ON identity_registered_limits (resource_name);
CREATE INDEX ix_identity_registered_limits_service_id ON identity_registered_limits (service_id);
COMMIT;
