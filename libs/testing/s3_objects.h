#pragma once

#include <map>
#include <string>
#include <vector>

#include "libs/http/server.h"

namespace kasbah::testing {

// A bucket as S3 keeps it, behind AwsServer, which has checked the signature: versions, ranges,
// listings, uploads in parts. Not thread safe.
class S3Objects {
 public:
  // `name` is the object's, "" for the bucket's own calls.
  http::Response Answer(const std::string& name, const std::map<std::string, std::string>& query,
                        const http::Request& request);
  // Keys that have a version, a deletion's mark included.
  std::vector<std::string> Keys() const;
  // The newest version's bytes, to be read or changed behind everybody's back; null for none.
  std::string* Bytes(const std::string& name);
  size_t uploads() const { return uploads_.size(); }

 private:
  struct Version {
    std::string id;
    bool is_delete_marker = false;
    std::string bytes;
  };
  struct Upload {
    std::string key;
    std::map<int, std::string> parts;
  };
  using Query = std::map<std::string, std::string>;

  http::Response List(const Query& query) const;
  http::Response ListVersions(const Query& query) const;
  http::Response ListUploads(const Query& query) const;
  http::Response Get(const std::string& name, const http::Request& request) const;
  http::Response Post(const std::string& name, const Query& query, const http::Request& request);
  http::Response Put(const std::string& name, const Query& query, const http::Request& request);
  http::Response Delete(const std::string& name, const Query& query);
  bool IsThere(const std::string& name) const;

  // Newest last.
  std::map<std::string, std::vector<Version>> objects_;
  std::map<std::string, Upload> uploads_;
  int made_ = 0;
};

// <Error> as S3 writes it.
http::Response RefuseS3(int status, const std::string& code);

}  // namespace kasbah::testing
