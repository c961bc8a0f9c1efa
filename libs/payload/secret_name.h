#pragma once

#include <string_view>

namespace kasbah::payload {

// Whether a member of this name is taken for a secret: its name ends in _secret, _password, _token
// or _vault_ref, in any case, or its last words are these, however the words are told apart:
// apiToken, API-Token, "client secret", password alone. What follows the words, such as spaces and
// dots, does not count. A name that only looks like one to people (UTS 39: letters of another
// script, full-width or invisible ones) is one.
//
// Not taken for one: plurals (tokens), numbered names (token_2), words run together (apitoken): the
// names say what they hold and nobody is to guess which innocent ones are dropped.
bool IsSecretName(std::string_view name);

// Whether the value of such a member may stay: it is a secret's id (sec_…), which says where the
// vault keeps the value and not what it is. Not of a member called _vault_ref: those are dropped
// because they say so.
bool IsReference(std::string_view name, std::string_view value);

}  // namespace kasbah::payload
